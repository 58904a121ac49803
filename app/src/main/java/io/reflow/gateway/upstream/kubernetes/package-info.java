/// Targets that run as pods: what the gateway asks of the operator, and how it waits for it. Nobody
/// else knows Kubernetes' client.
@NullMarked
package io.reflow.gateway.upstream.kubernetes;

import org.jspecify.annotations.NullMarked;
