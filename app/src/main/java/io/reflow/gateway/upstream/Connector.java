package io.reflow.gateway.upstream;

import io.reflow.gateway.credential.Injection;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.target.Target;

/// Opens upstreams: starts or dials the target and shakes hands with it.
@FunctionalInterface
public interface Connector {

  /// Blocks until the handshake is done or its deadline has passed.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.UpstreamFailed when the target can't be
  ///   started or reached, or does not speak MCP; nothing is left running then
  Upstream open(Target target, InstanceKey key, Injection injection, Listener listener)
      throws InterruptedException;
}
