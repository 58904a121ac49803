package io.reflow.gateway.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.reflow.gateway.config.StdioConfig;
import io.reflow.gateway.config.StdioConfig.Limits;
import io.reflow.gateway.config.StdioConfig.Sandbox;
import io.reflow.gateway.config.SystemUser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Which ways to contain a process there are on this machine. A test that can't have the one it
/// needs is skipped with the reason; on a build server that lacks bubblewrap it fails.
public final class Sandboxes {

  private static final String ABSENT = "it can't be run: ";

  private Sandboxes() {}

  public static void assume(Sandbox sandbox) {
    switch (sandbox) {
      case NONE -> {}
      case USER -> assumeTrue(SystemUser.root(), "only root can run processes as other users");
      case BUBBLEWRAP -> {
        String trouble = whatBubblewrapSays();
        if (trouble.startsWith(ABSENT)) {
          throw NodePackages.absent("bubblewrap is needed to run processes in a sandbox");
        }
        assumeTrue(trouble.isEmpty(), "bubblewrap can't work on this machine: " + trouble);
      }
    }
  }

  /// The settings of tests, with processes contained as given.
  public static StdioConfig config(Sandbox sandbox) {
    return config(sandbox, List.of(), Duration.ofDays(7), UpstreamFixtures.STDIO.limits());
  }

  /// The same with folders of instances that stay for so long when nothing can use them any more.
  public static StdioConfig config(Sandbox sandbox, Duration homeRetention) {
    return config(sandbox, List.of(), homeRetention, UpstreamFixtures.STDIO.limits());
  }

  /// The same with other limits.
  ///
  /// @param commands the only ones that are allowed; empty for all
  public static StdioConfig config(Sandbox sandbox, List<String> commands, Limits limits) {
    return config(sandbox, commands, Duration.ofDays(7), limits);
  }

  private static StdioConfig config(
      Sandbox sandbox, List<String> commands, Duration homeRetention, Limits limits) {
    StdioConfig usual = UpstreamFixtures.STDIO;
    return new StdioConfig(
        usual.maxProcesses(),
        usual.maxProcessesPerTarget(),
        usual.maxProcessesPerUser(),
        usual.startTimeout(),
        usual.probeTimeout(),
        usual.idleTimeout(),
        usual.maxLifetime(),
        usual.stopGrace(),
        usual.stderrLines(),
        Optional.of(sandbox),
        usual.firstUid(),
        usual.uids(),
        usual.visible(),
        commands,
        usual.sharedPackages(),
        homeRetention,
        limits);
  }

  /// Nothing if it works here.
  private static String whatBubblewrapSays() {
    try {
      Process process =
          new ProcessBuilder(
                  "bwrap",
                  "--unshare-user",
                  "--unshare-pid",
                  "--ro-bind",
                  "/",
                  "/",
                  "--proc",
                  "/proc",
                  "true")
              .redirectErrorStream(true)
              .start();
      String said =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return process.waitFor() == 0 ? "" : said;
    } catch (IOException e) {
      return ABSENT + e.getMessage();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// Lets other users through a folder, which those for tests are closed to.
  public static Path passable(Path folder) {
    try {
      return Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
