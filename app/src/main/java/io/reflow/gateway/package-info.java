/// The gateway put together. Only this package knows every other one.
@NullMarked
package io.reflow.gateway;

import org.jspecify.annotations.NullMarked;
