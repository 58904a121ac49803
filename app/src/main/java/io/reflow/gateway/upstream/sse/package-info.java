/// Targets that speak HTTP+SSE, the way over HTTP before Streamable HTTP.
@NullMarked
package io.reflow.gateway.upstream.sse;

import org.jspecify.annotations.NullMarked;
