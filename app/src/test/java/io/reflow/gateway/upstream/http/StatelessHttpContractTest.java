package io.reflow.gateway.upstream.http;

import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.testing.FakeStatelessServer;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.UpstreamContract;
import org.junit.jupiter.api.AfterEach;

final class StatelessHttpContractTest extends UpstreamContract {

  private final FakeStatelessServer server = new FakeStatelessServer();
  private final HttpDial dial =
      new HttpDial(UpstreamFixtures.ADDRESSES, UpstreamFixtures.MCP, "0", UpstreamFixtures.eras());

  @Override
  protected Upstream open(Listener listener) throws InterruptedException {
    var transport = new Transport.StreamableHttp(server.url());
    return dial.open(
        transport, UpstreamFixtures.opening(UpstreamFixtures.target("fake", transport), listener));
  }

  @Override
  protected ProtocolVersion version() {
    return ProtocolVersion.V2026_07_28;
  }

  @AfterEach
  void stop() {
    dial.close();
    server.close();
  }
}
