/// Logs, metrics and trace ids. May be imported by all.
@NullMarked
package io.reflow.gateway.telemetry;

import org.jspecify.annotations.NullMarked;
