package io.reflow.gateway.upstream.http;

import io.reflow.gateway.target.Transport;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.UpstreamContract;
import org.junit.jupiter.api.AfterEach;

final class HttpContractTest extends UpstreamContract {

  private final FakeMcpServer server = new FakeMcpServer();
  private final HttpDial dial = new HttpDial(UpstreamFixtures.MCP, "0", UpstreamFixtures.eras());

  @Override
  protected Upstream open(Listener listener) throws InterruptedException {
    var transport = new Transport.StreamableHttp(server.url());
    return dial.open(
        transport, UpstreamFixtures.opening(UpstreamFixtures.target("fake", transport), listener));
  }

  @AfterEach
  void stop() {
    dial.close();
    server.close();
  }
}
