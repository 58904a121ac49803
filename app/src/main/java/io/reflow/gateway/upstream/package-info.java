/// Live connections to targets. Engine: imported by the endpoint only.
@NullMarked
package io.reflow.gateway.upstream;

import org.jspecify.annotations.NullMarked;
