package io.reflow.gateway.upstream.http;

import io.reflow.gateway.config.McpConfig;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.target.AddressRules;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.upstream.Dial;
import io.reflow.gateway.upstream.Opening;
import io.reflow.gateway.upstream.Patience;
import io.reflow.gateway.upstream.TaskUpstream;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.era.Eras;
import io.reflow.gateway.upstream.sse.SseDial;
import io.reflow.gateway.upstream.stateless.Context;
import java.net.URI;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;

/// Opens sessions with targets that speak Streamable HTTP, all over one client.
public final class HttpDial implements Dial<Transport.StreamableHttp>, AutoCloseable {

  private final McpConfig mcp;
  private final String gatewayVersion;
  private final Eras eras;
  private final Context context;
  private final GuardedClient client;
  private final Lingering lingering = new Lingering();
  private final Patience patience = new Patience();
  private final SseDial sse;

  public HttpDial(AddressRules addresses, McpConfig mcp, String gatewayVersion, Eras eras) {
    this.mcp = mcp;
    this.gatewayVersion = gatewayVersion;
    this.eras = eras;
    this.context = new Context(gatewayVersion);
    var connect = mcp.timeout().connect();
    ThreadFactory threads = Thread.ofVirtual().name("http-upstream").factory();
    this.client =
        new GuardedClient(
            new Reachable(addresses, connect), connect, task -> threads.newThread(task).start());
    this.sse = new SseDial(client, mcp, patience, lingering, gatewayVersion);
  }

  @Override
  public Upstream open(Transport.StreamableHttp transport, Opening opening)
      throws InterruptedException {
    var stateless =
        new StatelessHttpDial(
            eras, context, client, lingering, patience, mcp, () -> session(transport, opening));
    return stateless.open(transport, opening);
  }

  private Upstream session(Transport.StreamableHttp transport, Opening opening)
      throws InterruptedException {
    HttpUpstream upstream =
        new HttpUpstream(
            new HttpUpstream.Settings(
                opening.target().name(),
                opening.key(),
                client,
                lingering,
                patience,
                opening.listener(),
                gatewayVersion,
                mcp.timeout().initialize(),
                mcp.maxUpstreamMessageSize().toInt()),
            transport.url(),
            opening.injection().headers());
    Optional<UpstreamFailed> refusal = upstream.open();
    return refusal.isEmpty()
        ? new TaskUpstream(opening.target().name(), upstream)
        : openInOlderWay(transport, opening, refusal.get());
  }

  /// A server that takes no POST may be one from before Streamable HTTP.
  ///
  /// See [backwards
  /// compatibility](https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#backwards-compatibility).
  private Upstream openInOlderWay(
      Transport.StreamableHttp transport, Opening opening, UpstreamFailed refusal)
      throws InterruptedException {
    try {
      return sse.open(new Transport.Sse(transport.url()), opening);
    } catch (UpstreamFailed _) {
      throw refusal;
    }
  }

  /// Opens what speaks HTTP+SSE, over the same client.
  public Dial<Transport.Sse> sse() {
    return sse;
  }

  /// The server of an address may be at another place than before, without its name having been
  /// another meanwhile: the next session looks for it.
  public void renew(URI url) {
    client.renew(url);
  }

  /// Breaks all connections.
  @Override
  public void close() {
    lingering.close();
    client.shutdownNow();
  }
}
