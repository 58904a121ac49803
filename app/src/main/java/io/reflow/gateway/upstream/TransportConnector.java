package io.reflow.gateway.upstream;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.target.Transport;
import java.net.URI;

/// Opens each target over its own transport.
public final class TransportConnector implements Connector {

  private final Dial<Transport.Stdio> stdio;
  private final Dial<Transport.StreamableHttp> http;
  private final Dial<Transport.Sse> sse;
  private final Dial<Transport.Kubernetes> kubernetes;

  public TransportConnector(
      Dial<Transport.Stdio> stdio,
      Dial<Transport.StreamableHttp> http,
      Dial<Transport.Sse> sse,
      Dial<Transport.Kubernetes> kubernetes) {
    this.stdio = stdio;
    this.http = http;
    this.sse = sse;
    this.kubernetes = kubernetes;
  }

  /// Without a cluster: a target that runs as pods can't be opened.
  public TransportConnector(
      Dial<Transport.Stdio> stdio, Dial<Transport.StreamableHttp> http, Dial<Transport.Sse> sse) {
    this(
        stdio,
        http,
        sse,
        (_, opening) -> {
          throw new UpstreamFailed(
              opening.target().name(),
              "runs as pods, which this gateway does not use: an operator sets kubernetes.enabled");
        });
  }

  @Override
  public Upstream open(Opening opening) throws InterruptedException {
    return switch (opening.target().transport()) {
      case Transport.Stdio transport -> stdio.open(transport, opening);
      case Transport.StreamableHttp(var url) ->
          http.open(new Transport.StreamableHttp(place(url, opening)), opening);
      case Transport.Sse(var url) -> sse.open(new Transport.Sse(place(url, opening)), opening);
      case Transport.Kubernetes transport -> kubernetes.open(transport, opening);
    };
  }

  /// Those who share an instance may have a server of their own.
  private static URI place(URI url, Opening opening) {
    return opening.injection().baseUrl().orElse(url);
  }
}
