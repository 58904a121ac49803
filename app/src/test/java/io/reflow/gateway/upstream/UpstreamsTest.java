package io.reflow.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.config.GatewayConfig;
import io.reflow.gateway.credential.Injection;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.instance.InstanceStatus;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.Policies;
import io.reflow.gateway.testing.Processes;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.http.HttpDial;
import io.reflow.gateway.upstream.stdio.Spawner;
import io.reflow.gateway.upstream.stdio.StdioDial;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class UpstreamsTest {

  private static final Identity ANN =
      new Identity(new UserId(UUID.randomUUID()), "ann@example.com", "user", Set.of());

  @TempDir private Path dataDir;

  private final HttpDial http =
      new HttpDial(UpstreamFixtures.ADDRESSES, UpstreamFixtures.MCP, "0", UpstreamFixtures.eras());
  private final List<String> heard = new CopyOnWriteArrayList<>();
  private final Target server =
      UpstreamFixtures.target("fake", UpstreamFixtures.stdio(StdioServer.command()));
  private Spawner spawner;
  private Upstreams upstreams;

  @BeforeEach
  void start() {
    spawner = new Spawner(UpstreamFixtures.STDIO, dataDir, "test");
    var stdio =
        new StdioDial(
            UpstreamFixtures.STDIO, UpstreamFixtures.MCP, "0", UpstreamFixtures.eras(), spawner);
    upstreams =
        new Upstreams(
            new TransportConnector(stdio, http, http.sse()),
            UpstreamFixtures.STDIO,
            GatewayConfig.DEFAULTS.kubernetes(),
            UpstreamFixtures.MCP,
            new Watching(),
            reach -> reach,
            UpstreamEvents.NONE);
  }

  private final class Watching implements Upstreams.Watcher {
    @Override
    public void opened(InstanceKey key, ServerFacts facts) {
      heard.add("opened");
    }

    @Override
    public void listChanged(InstanceKey key, Listener.ListKind kind) {
      heard.add(kind.name());
    }

    @Override
    public void resourceUpdated(InstanceKey key, String uri, RawJson params) {
      heard.add(uri);
    }
  }

  @AfterEach
  void stop() {
    upstreams.close();
    spawner.close();
    http.close();
    assertThat(Processes.children()).isZero();
  }

  private String call(Target target, String tool, Injection injection) throws InterruptedException {
    Answer answer =
        upstreams.call(
            reach(target, injection), UpstreamFixtures.toolCall(tool, "1"), Caller.SILENT);
    return ((Answer.Result) answer).result().toString();
  }

  private static Reach reach(Target target, Injection injection) {
    return new Reach(
        target, Policies.permit(ANN, target.id()), UpstreamFixtures.shared(target), injection);
  }

  private String call(Target target, String tool) throws InterruptedException {
    return call(target, tool, UpstreamFixtures.NO_INJECTION);
  }

  @Test
  void opensEachTransportOnFirstUseAndOnce() throws InterruptedException {
    try (var fake = new FakeMcpServer()) {
      Target remote = UpstreamFixtures.target("remote", new Transport.StreamableHttp(fake.url()));

      assertThat(call(remote, "echo")).isEqualTo("{\"echo\":1}");
      assertThat(call(server, "echo")).isEqualTo("{\"echo\":1}");
      assertThat(call(server, "announce")).isEqualTo("{}");

      assertThat(heard).containsExactly("opened", "opened", "TOOLS");
      assertThat(upstreams.connectionCount()).isEqualTo(1);
      assertThat(upstreams.instances(server.id()))
          .singleElement()
          .satisfies(status -> {
            assertThat(status.state()).isEqualTo(InstanceStatus.State.RUNNING);
            assertThat(status.pid()).isPresent();
            assertThat(status.key().sharing().wireName()).isEqualTo("shared");
          });
      upstreams.close();
      assertThat(fake.sessions()).isEmpty();
    }
  }

  @Test
  void notificationsReachWhatIsOpenAndOpenNothing() throws InterruptedException {
    InstanceKey key = UpstreamFixtures.shared(server);
    byte[] changed =
        Envelope.notification("notifications/roots/list_changed", RawJson.EMPTY_OBJECT);

    upstreams.tell(key, changed);
    assertThat(heard).isEmpty();

    call(server, "echo");
    assertThat(call(server, "notified")).doesNotContain("roots");
    upstreams.tell(key, changed);
    UpstreamFixtures.await(() -> call(server, "notified").contains("roots/list_changed"));
  }

  @Test
  void changedSecretsGetANewProcess() throws InterruptedException {
    String before = call(server, "environment", UpstreamFixtures.environment("A", "first"));
    String after = call(server, "environment", UpstreamFixtures.environment("B", "second"));

    assertThat(before).contains("A").doesNotContain("B,");
    assertThat(after).contains("B");
    UpstreamFixtures.await(() -> upstreams.processCount() == 1);
  }

  @Test
  void aKilledProcessIsReplacedAndFailsOnlyTheCallsUnderWay() throws InterruptedException {
    String _ = call(server, "echo");
    long pid = upstreams.instances(server.id()).getFirst().pid().orElseThrow();

    boolean _ = ProcessHandle.of(pid).orElseThrow().destroyForcibly();

    UpstreamFixtures.await(() -> {
      try {
        return call(server, "echo").equals("{\"echo\":1}")
            && upstreams.instances(server.id()).getFirst().pid().orElse(pid) != pid;
      } catch (UpstreamFailed _) {
        return false;
      }
    });
  }

  @Test
  void threeHundredSilentProcessesHoldUpNobody() throws InterruptedException {
    String _ = call(server, "echo");
    ExecutorService waiting = Executors.newVirtualThreadPerTaskExecutor();
    try {
      for (int i = 0; i < 300; i++) {
        Target silent =
            UpstreamFixtures.target("silent-" + i, new Transport.Stdio("sleep", List.of("1000")));
        waiting.execute(() -> callInVain(silent));
      }
      UpstreamFixtures.await(() -> Processes.children() > 300);

      List<Long> durations = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        long start = System.nanoTime();
        String _ = call(server, "echo");
        durations.add(System.nanoTime() - start);
      }

      durations.sort(null);
      assertThat(Duration.ofNanos(durations.get(180))).isLessThan(Duration.ofSeconds(2));
    } finally {
      waiting.shutdownNow();
      upstreams.close();
    }
    UpstreamFixtures.await(() -> Processes.children() == 0);
  }

  private void callInVain(Target target) {
    try {
      String _ = call(target, "echo");
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void thoseWhoAskForFactsDoNotWaitForASlowStart() {
    Target silent =
        UpstreamFixtures.target("silent", new Transport.Stdio("sleep", List.of("1000")));

    assertThatThrownBy(() ->
            upstreams.facts(reach(silent, UpstreamFixtures.NO_INJECTION), Duration.ofMillis(100)))
        .isInstanceOf(UpstreamFailed.class)
        .hasMessage("target 'silent' is still starting");
  }
}
