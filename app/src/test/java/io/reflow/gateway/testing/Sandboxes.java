package io.reflow.gateway.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.reflow.gateway.config.StdioConfig.Sandbox;
import io.reflow.gateway.config.SystemUser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/// Which ways to contain a process there are on this machine. A test that can't have the one it
/// needs is skipped with the reason; on a build server that lacks bubblewrap it fails.
public final class Sandboxes {

  private Sandboxes() {}

  public static void assume(Sandbox sandbox) {
    switch (sandbox) {
      case NONE -> {}
      case USER -> assumeTrue(SystemUser.root(), "only root can run processes as other users");
      case BUBBLEWRAP -> {
        boolean installed = whatBubblewrapSays().isEmpty() || Files.exists(bubblewrap());
        if (System.getenv("CI") != null) {
          assertThat(installed).as("bubblewrap is installed, as .ci/run does").isTrue();
        }
        assumeTrue(installed, "bubblewrap is not installed");
        assumeTrue(
            whatBubblewrapSays().isEmpty(),
            "bubblewrap can't work on this machine: " + whatBubblewrapSays());
      }
    }
  }

  private static Path bubblewrap() {
    return Path.of("/usr/bin/bwrap");
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
      return "it can't be run: " + e.getMessage();
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
