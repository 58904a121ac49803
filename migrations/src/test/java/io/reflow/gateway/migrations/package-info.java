/// Tries the schema's history on a real PostgreSQL.
@NullMarked
package io.reflow.gateway.migrations;

import org.jspecify.annotations.NullMarked;
