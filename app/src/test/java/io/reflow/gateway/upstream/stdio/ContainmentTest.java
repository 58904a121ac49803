package io.reflow.gateway.upstream.stdio;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.reflow.gateway.config.ConfigException;
import io.reflow.gateway.config.DataSize;
import io.reflow.gateway.config.Secret;
import io.reflow.gateway.config.StdioConfig.Limits;
import io.reflow.gateway.config.StdioConfig.Sandbox;
import io.reflow.gateway.config.SystemUser;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.testing.Processes;
import io.reflow.gateway.testing.Sandboxes;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class ContainmentTest {

  private static final InstanceKey KEY =
      new InstanceKey(new TargetId(new UUID(0, 1)), new InstanceKey.Sharing.Everyone());
  private static final Limits LIMITS =
      new Limits(DataSize.ofMebibytes(64), 50, 99, DataSize.ofMebibytes(1));

  @TempDir private Path folder;

  private Spawner spawner(Sandbox sandbox, String... commands) {
    return new Spawner(
        Sandboxes.config(sandbox, List.of(commands), LIMITS),
        Sandboxes.passable(folder),
        "containment");
  }

  private static Launch shell(String script) {
    return shell(script, Map.of());
  }

  private static Launch shell(String script, Map<String, Secret> environment) {
    return new Launch("fake", List.of("sh", "-c", script), environment, KEY, true, false);
  }

  private static String said(Spawner spawner, String script)
      throws IOException, InterruptedException {
    Child child = spawner.spawn(shell(script));
    try {
      child.input().close();
      return new String(child.output().readAllBytes(), UTF_8);
    } finally {
      child.end(Duration.ofSeconds(5));
      child.errors().close();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aProcessHasItsLimits(Sandbox sandbox) throws IOException, InterruptedException {
    Sandboxes.assume(sandbox);
    try (Spawner spawner = spawner(sandbox)) {
      String limits = said(spawner, "cat /proc/self/limits");

      assertThat(limits)
          .containsPattern("Max data size +67108864 +67108864")
          .containsPattern("Max open files +99 +99")
          .containsPattern("Max file size +1048576 +1048576")
          .containsPattern("Max core file size +0 +0");
      if (sandbox != Sandbox.NONE) {
        assertThat(limits).containsPattern("Max processes +50 +50");
        String started =
            said(spawner, "for i in $(seq 200); do sleep 5 & done 2>/dev/null; jobs -p | wc -l");
        assertThat(started.isBlank() ? 0 : Integer.parseInt(started.strip())).isLessThan(51);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aProcessHasNoFileOpenButItsOwnThree(Sandbox sandbox)
      throws IOException, InterruptedException {
    Sandboxes.assume(sandbox);
    try (Spawner spawner = spawner(sandbox)) {
      assertThat(said(spawner, "ls /proc/$$/fd; :")).isEqualTo("0\n1\n2\n");
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatAProcessKeepsAtHomeLasts(Sandbox sandbox) throws IOException, InterruptedException {
    Sandboxes.assume(sandbox);
    try (Spawner spawner = spawner(sandbox)) {
      assertThat(said(spawner, "echo kept > note; pwd; echo $HOME").lines().distinct()).hasSize(1);
    }
    try (Spawner spawner = spawner(sandbox)) {
      assertThat(said(spawner, "cat $HOME/note")).isEqualTo("kept\n");
    }
    // Whoever is contained in another way next time still owns it.
    try (Spawner spawner = spawner(Sandbox.NONE)) {
      assertThat(said(spawner, "echo more >> note; cat note")).isEqualTo("kept\nmore\n");
    }
  }

  /// Holds some memory until it is ended, wherever in the tree of processes.
  private static final String HOLD = "(head -c 40000000 /dev/zero; sleep 1000) | tail";

  @ParameterizedTest
  @EnumSource
  void processesTogetherHaveNoMoreMemoryThanOne(Sandbox sandbox)
      throws IOException, InterruptedException {
    Sandboxes.assume(sandbox);
    try (Spawner spawner = spawner(sandbox)) {
      Child modest = spawner.spawn(shell(HOLD));
      Child greedy =
          spawner.spawn(shell("(setsid sh -c 'H & exit 0'); H".replace("H", "{ " + HOLD + "; }")));
      try {
        assertThat(greedy.awaitExit(Duration.ofMinutes(1))).isTrue();

        assertThat(greedy.ending())
            .isEqualTo(
                "was stopped: its processes hold more memory than stdio.limits.memory allows");
        assertThat(modest.running()).isTrue();
      } finally {
        for (Child child : List.of(modest, greedy)) {
          child.kill();
          child.end(Duration.ZERO);
          child.output().close();
          child.errors().close();
        }
      }
    }
  }

  /// As the first process of a namespace does that has not yet tied its life to its sandbox.
  @ParameterizedTest
  @EnumSource
  void whatOutlivesTheProcessInItsGroupEnds(Sandbox sandbox)
      throws IOException, InterruptedException {
    Sandboxes.assume(sandbox);
    String sleep = "sleep 9" + ThreadLocalRandom.current().nextInt(10_000_000, 99_999_999);
    List<String> line =
        List.of("setsid", "sh", "-c", "env -i %s </dev/null >&0 2>&0 & cat".formatted(sleep));
    try (Spawner spawner = spawner(sandbox)) {
      Child child = spawner.spawn(shell(":"), _ -> new ProcessBuilder(line).start());
      try {
        UpstreamFixtures.await(
            () -> Processes.withCommandLine(sleep).stream().anyMatch(pid -> pid != child.pid()));

        Signals.toProcess(child.pid(), Signals.Signal.KILL);

        UpstreamFixtures.await(() -> Processes.withCommandLine(sleep).isEmpty());
      } finally {
        child.kill();
        child.end(Duration.ZERO);
        child.input().close();
        child.output().close();
        child.errors().close();
      }
    }
  }

  @Test
  void temporaryFilesOfAUserAreTheirOwn() throws IOException, InterruptedException {
    Sandboxes.assume(Sandbox.USER);
    try (Spawner spawner = spawner(Sandbox.USER)) {
      assertThat(
              said(
                  spawner,
                  "umask; cd $HOME; touch $TMPDIR/$$; stat -c %a $TMPDIR/$$; rm $TMPDIR/$$"))
          .isEqualTo("0077\n600\n");
    }
  }

  @ParameterizedTest
  @EnumSource
  void launchersHeedNothingOfATarget(Sandbox sandbox) throws IOException, InterruptedException {
    Sandboxes.assume(sandbox);
    String path = System.getenv("PATH") + ":/of/the target's \"own\" $HOME";
    var environment =
        Map.of(
            "LD_DEBUG",
            new Secret("libs"),
            "PATH",
            new Secret(path),
            "REFLOW_INSTANCE",
            new Secret("none"),
            "name",
            new Secret("kept"));
    try (Spawner spawner = spawner(sandbox)) {
      Child child = spawner.spawn(shell("echo $LD_DEBUG $name; echo \"$PATH\"; env", environment));
      try {
        child.input().close();
        String said = new String(child.output().readAllBytes(), UTF_8);
        String loaded = new String(child.errors().readAllBytes(), UTF_8);

        assertThat(said).startsWith("libs kept\n" + path + "\n").doesNotContain("REFLOW_LATER");
        assertThat(said).contains("REFLOW_INSTANCE=containment/");
        assertThat(loaded)
            .contains("initialize program: env")
            .doesNotContain("setsid", "setpriv", "bwrap", "prlimit");
      } finally {
        child.end(Duration.ofSeconds(5));
        child.errors().close();
      }
    }
  }

  @Test
  void startsNothingButAllowedCommands() {
    try (Spawner spawner = spawner(Sandbox.NONE, "npx", "uvx")) {
      assertThatThrownBy(() -> spawner.spawn(shell(":")))
          .isInstanceOf(UpstreamFailed.class)
          .hasMessage("target 'fake' can't be started: 'sh' is not among stdio.allowed-commands");
    }
  }

  @Test
  void aFullFolderIsNotWorkedIn() throws IOException, InterruptedException {
    try (Spawner spawner = spawner(Sandbox.NONE)) {
      Path home = Path.of(said(spawner, "pwd").strip());
      var homes = new Homes(Sandboxes.config(Sandbox.NONE, List.of(), LIMITS), folder);
      assertThat(homes.tooLarge(home)).isEmpty();

      for (String name : List.of("a", "b")) {
        Files.write(home.resolve(name), new byte[600 << 10]);
      }
      assertThat(homes.tooLarge(home))
          .hasValueSatisfying(it -> assertThat(it).contains("home-size"));
      assertThat(homes.obstacle(home)).isPresent();

      Files.delete(home.resolve("a"));
      assertThat(homes.obstacle(home)).isEmpty();
    }
  }

  @Test
  void refusesToStartWhereUsersCantReachTheirFolders() throws IOException {
    assumeTrue(SystemUser.root(), "only root can run processes as other users");
    Path closed = Files.createDirectory(folder.resolve("closed"));
    Path data = Files.createDirectory(Sandboxes.passable(closed).resolve("data"));
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));

    assertThatThrownBy(() -> new Spawner(Sandboxes.config(Sandbox.USER), data, "containment"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContainingAll("stdio.sandbox", "'user' does not work here", "closed to them");
  }

  @ParameterizedTest
  @EnumSource(names = {"USER", "BUBBLEWRAP"})
  void whatIsBesideTheFoldersIsClosed(Sandbox sandbox) throws IOException, InterruptedException {
    Sandboxes.assume(sandbox);
    Path secret = Files.writeString(folder.resolve("audit"), "secret");
    try (Spawner spawner = spawner(sandbox)) {
      assertThat(said(spawner, "cat '%s' 2>&1; ls '%s' 2>&1".formatted(secret, folder)))
          .doesNotContain("secret", "audit\n");
    }
  }
}
