/// Single steps of the request path under JMH.
@NullMarked
package io.reflow.gateway.bench.micro;

import org.jspecify.annotations.NullMarked;
