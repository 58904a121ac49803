package io.reflow.gateway.upstream.sse;

import io.reflow.gateway.config.McpConfig;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.upstream.Dial;
import io.reflow.gateway.upstream.Opening;
import io.reflow.gateway.upstream.Patience;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.http.Lingering;
import io.reflow.gateway.upstream.http.Wire;
import java.net.http.HttpClient;

/// Opens sessions with targets that speak HTTP+SSE.
public final class SseDial implements Dial<Transport.Sse> {

  private final HttpClient client;
  private final McpConfig mcp;
  private final Patience patience;
  private final Lingering lingering;
  private final String gatewayVersion;

  /// @param client does not follow redirects
  public SseDial(
      HttpClient client,
      McpConfig mcp,
      Patience patience,
      Lingering lingering,
      String gatewayVersion) {
    this.client = client;
    this.mcp = mcp;
    this.patience = patience;
    this.lingering = lingering;
    this.gatewayVersion = gatewayVersion;
  }

  @Override
  public Upstream open(Transport.Sse transport, Opening opening) throws InterruptedException {
    String target = opening.target().name();
    var upstream =
        new SseUpstream(
            new SseUpstream.Settings(
                target,
                opening.key(),
                patience,
                lingering,
                opening.listener(),
                gatewayVersion,
                mcp.timeout().initialize(),
                mcp.maxUpstreamMessageSize().toInt()),
            new Wire(target, client, transport.url(), opening.injection().headers()));
    boolean open = false;
    try {
      upstream.open();
      open = true;
      return upstream;
    } finally {
      if (!open) {
        upstream.close();
      }
    }
  }
}
