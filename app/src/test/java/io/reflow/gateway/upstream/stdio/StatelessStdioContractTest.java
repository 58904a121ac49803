package io.reflow.gateway.upstream.stdio;

import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.StdioServer.Manner;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.UpstreamContract;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

final class StatelessStdioContractTest extends UpstreamContract {

  @TempDir private static Path dataDir;

  private static Spawner spawner;

  @BeforeAll
  static void startSpawner() {
    spawner = new Spawner(UpstreamFixtures.STDIO, dataDir, "test");
  }

  @Override
  protected Upstream open(Listener listener) throws InterruptedException {
    var transport = UpstreamFixtures.stdio(StdioServer.command(Manner.STATELESS));
    var dial =
        new StdioDial(
            UpstreamFixtures.STDIO, UpstreamFixtures.MCP, "0", UpstreamFixtures.eras(), spawner);
    return dial.open(
        transport, UpstreamFixtures.opening(UpstreamFixtures.target("fake", transport), listener));
  }

  @AfterAll
  static void stopSpawner() {
    spawner.close();
  }

  @Override
  protected ProtocolVersion version() {
    return ProtocolVersion.V2026_07_28;
  }
}
