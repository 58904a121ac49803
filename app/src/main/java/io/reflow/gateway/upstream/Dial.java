package io.reflow.gateway.upstream;

import io.reflow.gateway.target.Transport;

/// Opens upstreams over one kind of transport; otherwise as [Connector#open] says.
///
/// @param <X> the transport
@FunctionalInterface
public interface Dial<X extends Transport> {

  Upstream open(X transport, Opening opening) throws InterruptedException;
}
