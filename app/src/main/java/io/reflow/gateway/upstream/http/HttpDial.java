package io.reflow.gateway.upstream.http;

import io.reflow.gateway.config.McpConfig;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.upstream.Dial;
import io.reflow.gateway.upstream.Opening;
import io.reflow.gateway.upstream.Patience;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.era.Eras;
import io.reflow.gateway.upstream.stateless.Context;
import java.net.http.HttpClient;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Opens sessions with targets that speak Streamable HTTP, all over one client. Redirects are not
/// followed: they would carry credentials to where no admin sent them.
public final class HttpDial implements Dial<Transport.StreamableHttp>, AutoCloseable {

  private final McpConfig mcp;
  private final String gatewayVersion;
  private final Eras eras;
  private final Context context;
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("http-upstream").factory());
  private final HttpClient client;
  private final Lingering lingering = new Lingering();
  private final Patience patience = new Patience();

  public HttpDial(McpConfig mcp, String gatewayVersion, Eras eras) {
    this.mcp = mcp;
    this.gatewayVersion = gatewayVersion;
    this.eras = eras;
    this.context = new Context(gatewayVersion);
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(mcp.timeout().connect())
            .executor(threads)
            .build();
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
    if (refusal.isPresent()) {
      throw refusal.get();
    }
    return upstream;
  }

  /// Breaks all connections.
  @Override
  public void close() {
    lingering.close();
    client.shutdownNow();
    threads.shutdownNow();
  }
}
