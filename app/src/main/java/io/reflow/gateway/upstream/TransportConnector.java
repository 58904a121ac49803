package io.reflow.gateway.upstream;

import io.reflow.gateway.target.Transport;

/// Opens each target over its own transport.
public final class TransportConnector implements Connector {

  private final Dial<Transport.Stdio> stdio;
  private final Dial<Transport.StreamableHttp> http;
  private final Dial<Transport.Sse> sse;

  public TransportConnector(
      Dial<Transport.Stdio> stdio, Dial<Transport.StreamableHttp> http, Dial<Transport.Sse> sse) {
    this.stdio = stdio;
    this.http = http;
    this.sse = sse;
  }

  @Override
  public Upstream open(Opening opening) throws InterruptedException {
    return switch (opening.target().transport()) {
      case Transport.Stdio transport -> stdio.open(transport, opening);
      case Transport.StreamableHttp transport -> http.open(transport, opening);
      case Transport.Sse transport -> sse.open(transport, opening);
    };
  }
}
