package io.reflow.gateway.upstream;

/// Opens upstreams: starts or dials the target and shakes hands with it.
@FunctionalInterface
public interface Connector {

  /// Blocks until the handshake is done or its deadline has passed.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.UpstreamFailed when the target can't be
  ///   started or reached, or does not speak MCP; nothing is left running then
  Upstream open(Opening opening) throws InterruptedException;
}
