/// The way to PostgreSQL: connections, migrations, change notices. May be imported by all stores.
@NullMarked
package io.reflow.gateway.database;

import org.jspecify.annotations.NullMarked;
