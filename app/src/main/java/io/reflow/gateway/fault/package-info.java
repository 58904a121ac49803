/// The closed list of refusals and failures. May be imported by all.
@NullMarked
package io.reflow.gateway.fault;

import org.jspecify.annotations.NullMarked;
