package io.reflow.gateway.upstream.http;

import io.reflow.gateway.target.Transport;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.SessionContract;
import io.reflow.gateway.upstream.Upstream;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;

final class HttpContractTest extends SessionContract {

  private final FakeMcpServer server = new FakeMcpServer().streaming();
  private final HttpDial dial =
      new HttpDial(UpstreamFixtures.ADDRESSES, UpstreamFixtures.MCP, "0", UpstreamFixtures.eras());

  @Override
  protected Upstream open(Listener listener) throws InterruptedException {
    var transport = new Transport.StreamableHttp(server.url());
    return dial.open(
        transport,
        UpstreamFixtures.ownOpening(UpstreamFixtures.target("fake", transport), listener));
  }

  @Override
  protected Set<String> subscribed() {
    return server.subscribed();
  }

  @AfterEach
  void stop() {
    dial.close();
    server.close();
  }
}
