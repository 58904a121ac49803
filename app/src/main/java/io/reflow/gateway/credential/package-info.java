/// The secrets that are injected into upstreams. A rule: imported by engine and endpoint.
@NullMarked
package io.reflow.gateway.credential;

import org.jspecify.annotations.NullMarked;
