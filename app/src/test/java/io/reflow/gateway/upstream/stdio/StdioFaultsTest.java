package io.reflow.gateway.upstream.stdio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.config.StdioConfig;
import io.reflow.gateway.credential.Injection;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.instance.LastLines;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.testing.Processes;
import io.reflow.gateway.testing.RecordingCaller;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.Opening;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.era.Era;
import io.reflow.gateway.upstream.era.Eras;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What child processes do wrong, and that it costs nobody but their callers.
final class StdioFaultsTest {

  private static final StdioConfig QUICK =
      new StdioConfig(
          400,
          400,
          20,
          Duration.ofSeconds(20),
          Duration.ofSeconds(10),
          Duration.ofMinutes(10),
          Duration.ofHours(24),
          Duration.ofMillis(300),
          200);

  @TempDir private Path dataDir;

  /// Of this test alone: its processes are found by it, wherever they are.
  private final String gateway = "test-" + UUID.randomUUID();

  private final LastLines lines = new LastLines(200);
  private Spawner spawner;

  @BeforeEach
  void start() {
    spawner = new Spawner(QUICK, dataDir, gateway);
  }

  @AfterEach
  void stop() {
    spawner.close();
  }

  private Upstream open(Transport.Stdio transport) throws InterruptedException {
    return open(transport, UpstreamFixtures.NO_INJECTION, QUICK);
  }

  private Upstream open(Transport.Stdio transport, Injection injection, StdioConfig config)
      throws InterruptedException {
    Target target = UpstreamFixtures.target("fake", transport);
    Eras eras = UpstreamFixtures.eras();
    eras.learn(target, Era.INITIALIZE);
    return new StdioDial(config, UpstreamFixtures.MCP, "0", eras, spawner)
        .open(
            transport,
            new Opening(target, UpstreamFixtures.shared(target), injection, Listener.NONE, lines));
  }

  private Upstream openServer() throws InterruptedException {
    return open(UpstreamFixtures.stdio(StdioServer.command()));
  }

  private static String call(Upstream upstream, String tool, String arguments)
      throws InterruptedException {
    Answer answer = upstream.call(UpstreamFixtures.toolCall(tool, arguments), Caller.SILENT);
    return ((Answer.Result) answer).result().toString();
  }

  @Test
  void namesACommandThatDoesNotExist() {
    assertThatThrownBy(() -> open(new Transport.Stdio("no-such-program", List.of())))
        .isInstanceOf(UpstreamFailed.class)
        .hasMessage(
            "target 'fake' can't be started: there is no program 'no-such-program' on this"
                + " machine");
  }

  @Test
  void saysHowAProcessDiedAtItsStart() {
    assertThatThrownBy(() -> open(UpstreamFixtures.shell("echo no database >&2; exit 7")))
        .isInstanceOf(UpstreamFailed.class)
        .hasMessage("target 'fake' exited with code 7: no database");
    assertThat(Processes.children()).isZero();
  }

  @Test
  void givesUpOnAProcessThatNeverAnswers() {
    StdioConfig impatient =
        new StdioConfig(
            1,
            1,
            1,
            Duration.ofMillis(300),
            Duration.ofSeconds(10),
            Duration.ofMinutes(1),
            Duration.ofMinutes(1),
            Duration.ofSeconds(1),
            1);

    assertThatThrownBy(() ->
            open(
                UpstreamFixtures.shell("cat >/dev/null"), UpstreamFixtures.NO_INJECTION, impatient))
        .isInstanceOf(UpstreamFailed.class)
        .hasMessage("target 'fake' did not answer within 300 ms");
    assertThat(Processes.children()).isZero();
  }

  @Test
  void aDyingProcessFailsItsCallsAndKeepsItsSecrets() throws InterruptedException {
    try (Upstream upstream =
        open(
            UpstreamFixtures.stdio(StdioServer.command()),
            UpstreamFixtures.environment("TOKEN", "s3cret-value"),
            QUICK)) {
      assertThatThrownBy(() -> call(upstream, "exit", "{}"))
          .isInstanceOf(UpstreamFailed.class)
          .as("others share it: its last words may be about their calls")
          .hasMessage("target 'fake' exited with code 3");
      assertThat(upstream.alive()).isFalse();
    }
    assertThat(lines.toList()).contains("giving up, token was ***");
  }

  @Test
  void aKilledProcessFailsAllItsCalls() throws InterruptedException {
    try (Upstream upstream = openServer();
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> calls = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        calls.add(threads.submit(() -> call(upstream, "silent", "{}")));
      }
      String _ = call(upstream, "echo", "{}");

      boolean _ = ProcessHandle.of(upstream.pid().orElseThrow()).orElseThrow().destroyForcibly();

      for (Future<String> pending : calls) {
        assertThatThrownBy(pending::get)
            .cause()
            .isInstanceOf(UpstreamFailed.class)
            .hasMessageStartingWith("target 'fake' was ended by signal 9");
      }
    }
  }

  @Test
  void twoCallsNeverShareAProgressToken() throws InterruptedException, ExecutionException {
    RecordingCaller caller = RecordingCaller.mute();
    List<String> heard = caller.progress();
    try (Upstream upstream = openServer();
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Answer> first =
          threads.submit(() -> upstream.call(UpstreamFixtures.progressCall(5, 20), caller));
      UpstreamFixtures.await(() -> !heard.isEmpty());

      assertThatThrownBy(() -> upstream.call(UpstreamFixtures.progressCall(5, 1), Caller.SILENT))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(first.get()).isInstanceOf(Answer.Result.class);
      assertThat(heard).hasSize(20);
    }
  }

  @Test
  void garbageIsSkipped() throws InterruptedException {
    try (Upstream upstream = openServer()) {
      assertThat(call(upstream, "garbage", "{}")).isEqualTo("{}");
      assertThat(call(upstream, "echo", "1")).isEqualTo("{\"echo\":1}");
    }
  }

  @Test
  void aFloodingProcessIsEnded() throws InterruptedException {
    try (Upstream upstream = openServer()) {
      assertThatThrownBy(() -> call(upstream, "flood", "{}"))
          .isInstanceOf(UpstreamFailed.class)
          .hasMessage("target 'fake' floods its output with what is no answer");
      UpstreamFixtures.await(() -> !Processes.running(upstream.pid().orElseThrow()));
    }
  }

  @Test
  void aLineWithoutAnEndEndsTheProcess() throws InterruptedException {
    try (Upstream upstream = openServer()) {
      assertThatThrownBy(() -> call(upstream, "endless", "{}"))
          .isInstanceOf(UpstreamFailed.class)
          .hasMessage("target 'fake' writes a line without an end");
    }
  }

  @Test
  void keepsTheLastLinesOfTheErrorOutput() throws InterruptedException {
    try (Upstream upstream = openServer()) {
      String _ = call(upstream, "complain", "{\"count\":300}");

      UpstreamFixtures.await(() -> lines.toList().getLast().startsWith("line 299 "));
      assertThat(lines.toList())
          .hasSize(200)
          .allMatch(line -> line.length() == 4096)
          .first()
          .asString()
          .startsWith("line 100 ");
    }
  }

  @Test
  void aProcessThatDoesNotReadHoldsNobodyBeyondTheDeadline() throws InterruptedException {
    String script =
        """
        read line
        echo '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18"}}'
        exec sleep 1000\
        """;
    String large = "\"" + "x".repeat(200_000) + "\"";
    try (Upstream upstream = open(UpstreamFixtures.shell(script));
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Answer>> calls = new ArrayList<>();
      long start = System.nanoTime();
      for (int i = 0; i < 20; i++) {
        calls.add(
            threads.submit(() ->
                upstream.call(
                    UpstreamFixtures.within(
                        UpstreamFixtures.toolCall("echo", large),
                        Duration.ofMillis(300),
                        Duration.ofMinutes(1)),
                    Caller.SILENT)));
      }
      for (Future<Answer> call : calls) {
        assertThatThrownBy(call::get).hasMessageContaining("did not answer within 300 ms");
      }
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
    }
    assertThat(Processes.children()).isZero();
  }

  @Test
  void allThatAProcessHasStartedDiesWithIt() throws InterruptedException {
    List<Long> grandchildren;
    try (Upstream upstream = openServer()) {
      grandchildren = Processes.pidsIn(call(upstream, "spawn", "{}"));
      assertThat(grandchildren).hasSize(3).allMatch(Processes::running);
    }

    UpstreamFixtures.await(() -> grandchildren.stream().noneMatch(Processes::running));
  }

  @Test
  void allThatAProcessHasStartedDiesWhenItIsKilled() throws InterruptedException {
    try (Upstream upstream = openServer()) {
      List<Long> grandchildren = Processes.pidsIn(call(upstream, "spawn", "{}"));

      boolean _ = ProcessHandle.of(upstream.pid().orElseThrow()).orElseThrow().destroyForcibly();

      UpstreamFixtures.await(() -> grandchildren.stream().noneMatch(Processes::running));
    }
  }

  @Test
  void aStartThatIsGivenUpLeavesNothingBehind() throws InterruptedException {
    List<Thread> starts = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      starts.add(Thread.ofVirtual().start(this::openInVain));
    }
    UpstreamFixtures.await(() -> Processes.children() > 0);

    starts.forEach(Thread::interrupt);

    for (Thread start : starts) {
      assertThat(start.join(Duration.ofSeconds(10))).isTrue();
    }
    UpstreamFixtures.await(() -> Processes.children() == 0);
  }

  private void openInVain() {
    try {
      open(new Transport.Stdio("sleep", List.of("1000"))).close();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void whatAnEarlierRunHasLeftBehindIsFound() throws InterruptedException {
    try (Upstream upstream = openServer()) {
      List<Long> grandchildren = Processes.pidsIn(call(upstream, "spawn", "{}"));

      assertThat(new Stragglers().killAllOf("other-" + gateway)).isZero();
      assertThat(new Stragglers().killAllOf(gateway)).isEqualTo(4);

      UpstreamFixtures.await(() -> grandchildren.stream().noneMatch(Processes::running));
    }
  }

  @Test
  void aProcessGetsNothingOfTheGatewaysEnvironment() throws InterruptedException {
    try (Upstream upstream =
        open(
            UpstreamFixtures.stdio(StdioServer.command()),
            UpstreamFixtures.environment("TOKEN", "s3cret-value"),
            QUICK)) {
      String names = call(upstream, "environment", "{}");

      assertThat(names.replaceAll(".*:\"|\"}", "").split(","))
          .isSubsetOf("PATH", "HOME", "LANG", "TMPDIR", "TOKEN", "REFLOW_INSTANCE")
          .contains("TOKEN");
    }
  }

  @Test
  void aHundredProcessesLeaveNothingBehind() throws InterruptedException {
    Transport.Stdio server =
        UpstreamFixtures.shell(
            """
            read line
            echo '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18"}}'
            cat >/dev/null\
            """);
    open(server).close();
    long descriptors = Processes.openDescriptors();

    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 10; i++) {
        var _ =
            threads.submit(() -> {
              for (int n = 0; n < 10; n++) {
                open(server).close();
              }
              return true;
            });
      }
    }

    UpstreamFixtures.await(() -> Processes.children() == 0);
    UpstreamFixtures.await(() -> Processes.openDescriptors() <= descriptors + 3);
    UpstreamFixtures.await(() -> threads("stdio-") == 0);
  }

  @Test
  void waitingForManyProcessesCostsThreeThreadsEachAndHoldsNoCarrier() throws InterruptedException {
    Transport.Stdio server =
        UpstreamFixtures.shell(
            """
            read line
            echo '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18"}}'
            cat >/dev/null\
            """);
    open(server).close();
    long carriers = threads("ForkJoinPool-1-worker-");
    long threads = Processes.threads();
    List<Upstream> many = new ArrayList<>();
    try {
      for (int i = 0; i < 30; i++) {
        many.add(open(server));
      }

      assertThat(threads("ForkJoinPool-1-worker-")).isLessThan(carriers + 30);
      assertThat(Processes.threads()).isLessThan(threads + 4 * 30);
    } finally {
      many.forEach(Upstream::close);
    }
  }

  private static long threads(String prefix) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith(prefix))
        .count();
  }
}
