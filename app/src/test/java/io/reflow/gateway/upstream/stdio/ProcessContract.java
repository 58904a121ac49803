package io.reflow.gateway.upstream.stdio;

import io.reflow.gateway.target.Transport;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.SessionContract;
import io.reflow.gateway.upstream.Upstream;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/// The contract of sessions, for a server that is a child process.
abstract class ProcessContract extends SessionContract {

  @TempDir private static Path dataDir;

  private static Spawner spawner;

  /// How the server is run.
  protected abstract Transport.Stdio transport();

  @BeforeAll
  static void startSpawner() {
    spawner = new Spawner(UpstreamFixtures.STDIO, dataDir, "contract");
  }

  @Override
  protected Upstream open(Listener listener) throws InterruptedException {
    Transport.Stdio transport = transport();
    var dial =
        new StdioDial(
            UpstreamFixtures.STDIO, UpstreamFixtures.MCP, "0", UpstreamFixtures.eras(), spawner);
    return dial.open(
        transport,
        UpstreamFixtures.ownOpening(UpstreamFixtures.target("fake", transport), listener));
  }

  @AfterAll
  static void stopSpawner() {
    spawner.close();
  }

  @Override
  protected Set<String> subscribed() throws InterruptedException {
    String result = result("subscribed", "{}");
    String uris = result.substring("{\"uris\":\"".length(), result.length() - 2);
    return Stream.of(uris.split(" ")).filter(uri -> !uri.isEmpty()).collect(Collectors.toSet());
  }
}
