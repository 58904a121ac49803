/// Targets that speak Streamable HTTP.
@NullMarked
package io.reflow.gateway.upstream.http;

import org.jspecify.annotations.NullMarked;
