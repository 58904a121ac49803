package io.reflow.gateway.upstream.stdio;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.config.StdioConfig.Sandbox;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.testing.Processes;
import io.reflow.gateway.testing.Sandboxes;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Many processes that start others, which leave their group and lose their parents, and end in
/// every way there is: nothing of them is left. `-Dreflow.soak=10000` takes longer.
@Timeout(value = 2, unit = TimeUnit.HOURS) // for those that take longer, on a busy machine
final class SoakTest {

  private static final int STARTS = Integer.getInteger("reflow.soak", 500);
  private static final int AT_A_TIME = 8;

  @TempDir private Path folder;

  /// In the command lines of all that is started here.
  private final String sleep =
      "sleep 9" + ThreadLocalRandom.current().nextInt(10_000_000, 99_999_999);

  @ParameterizedTest
  @EnumSource
  void nothingIsLeftOfManyStartsAndEnds(Sandbox sandbox)
      throws ExecutionException, IOException, InterruptedException {
    Sandboxes.assume(sandbox);
    try (var spawner = new Spawner(Sandboxes.config(sandbox), Sandboxes.passable(folder), "soak")) {
      cycle(spawner, sandbox, 0);
      UpstreamFixtures.await(() -> Processes.children() == 0);
      long descriptors = Processes.openDescriptors();
      long threads = Processes.threads();

      List<Future<?>> running = new ArrayList<>();
      try (var workers = Executors.newFixedThreadPool(AT_A_TIME)) {
        for (int worker = 0; worker < AT_A_TIME; worker++) {
          int first = worker;
          running.add(
              workers.submit(() -> {
                for (int i = first; i < STARTS; i += AT_A_TIME) {
                  cycle(spawner, sandbox, i);
                }
                return true;
              }));
        }
      }
      for (Future<?> each : running) {
        each.get();
      }

      UpstreamFixtures.await(() -> Processes.withCommandLine(sleep).isEmpty());
      UpstreamFixtures.await(() -> Processes.children() == 0);
      UpstreamFixtures.await(() -> Processes.openDescriptors() <= descriptors + 3);
      assertThat(Processes.threads()).isLessThan(threads + 5 * AT_A_TIME);
    }
  }

  /// Several instances, some of which share a folder and so a user.
  private void cycle(Spawner spawner, Sandbox sandbox, int number)
      throws IOException, InterruptedException {
    var key =
        new InstanceKey(
            new TargetId(new UUID(0, number % 3)),
            new InstanceKey.Sharing.Role("role-" + number % 20));
    String script =
        """
        S & (S & S &) & setsid S & (setsid sh -c 'S & exit 0')
        echo ready
        [ $1 = deaf ] && trap '' TERM && S
        cat >/dev/null
        """
            .replace("S", sleep);
    if (sandbox != Sandbox.NONE) {
      // One that nothing is known of any more but whose user, or in which namespace, it is.
      script = "env -i PATH=\"$PATH\" setsid %s &\n%s".formatted(sleep, script);
    }
    String manner = number % 4 == 3 ? "deaf" : "kind";
    Child child =
        spawner.spawn(
            new Launch(
                "soak", List.of("sh", "-c", script, "sh", manner), Map.of(), key, true, false));
    try (var output =
        new BufferedReader(new InputStreamReader(child.output(), StandardCharsets.UTF_8))) {
      assertThat(output.readLine()).isEqualTo("ready");
      switch (number % 4) {
        case 0 -> child.input().close();
        case 1 -> Signals.toProcess(child.pid(), Signals.Signal.KILL);
        case 2 -> child.kill();
        default -> {}
      }
    } finally {
      child.end(number % 4 == 3 ? Duration.ofMillis(50) : Duration.ofSeconds(5));
      child.input().close();
      child.errors().close();
    }
    assertThat(child.running()).isFalse();
  }
}
