/// Terminals of admins in the surroundings of an instance. Endpoint: imported by Gateway only.
@NullMarked
package io.reflow.gateway.terminal;

import org.jspecify.annotations.NullMarked;
