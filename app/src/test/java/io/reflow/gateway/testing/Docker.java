package io.reflow.gateway.testing;

import io.reflow.gateway.testing.Commands.Outcome;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/// The Docker engine of this machine, for tests of the image and of what is shipped with it.
public final class Docker {

  /// The root of the repository.
  public static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();

  private static final Duration LOOK = Duration.ofSeconds(30);
  private static final Duration PREPARATION = Duration.ofMinutes(8);

  private Docker() {}

  /// Sees to it that there are an engine, compose and the images that the build begins with. Where
  /// there is no engine the test is skipped, but not in CI.
  public static void require() throws InterruptedException {
    Commands commands = new Commands(REPOSITORY, Map.of());
    need(commands.run(LOOK, "docker", "info"));
    need(commands.run(LOOK, "docker", "compose", "version"));
    String _ = commands.output(PREPARATION, ".ci/base-images");
  }

  private static void need(Outcome outcome) {
    if (outcome.code() != 0) {
      throw NodePackages.absent(
          "a Docker engine and docker compose are needed: " + outcome.output());
    }
  }

  /// Two free ports that are two apart: the gateway's, and the one that is Grafana's then.
  public static int freePort() throws IOException {
    for (int attempt = 0; attempt < 50; attempt++) {
      try (var first = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
          var second =
              new ServerSocket(first.getLocalPort() + 2, 1, InetAddress.getLoopbackAddress())) {
        return second.getLocalPort() - 2;
      } catch (IOException | IllegalArgumentException _) {
        // One of the two is taken: another try.
      }
    }
    throw new IOException("no two free ports");
  }
}
