/// Targets that run as child processes.
@NullMarked
package io.reflow.gateway.upstream.stdio;

import org.jspecify.annotations.NullMarked;
