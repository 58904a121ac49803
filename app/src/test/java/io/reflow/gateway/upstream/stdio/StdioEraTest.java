package io.reflow.gateway.upstream.stdio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.config.StdioConfig;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.testing.FakeStatelessTools;
import io.reflow.gateway.testing.Processes;
import io.reflow.gateway.testing.RecordingCaller;
import io.reflow.gateway.testing.RecordingListener;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.StdioServer.Manner;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.Interest;
import io.reflow.gateway.upstream.Listener.ListKind;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.era.Era;
import io.reflow.gateway.upstream.era.Eras;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StdioEraTest {

  @TempDir private Path dataDir;

  private Spawner spawner;

  @BeforeEach
  void start() {
    spawner = new Spawner(UpstreamFixtures.STDIO, dataDir, "test");
  }

  @AfterEach
  void stop() {
    spawner.close();
  }

  private final Eras eras = UpstreamFixtures.eras();
  private final RecordingListener listener = new RecordingListener();

  private Upstream open(Target target, Duration probe) throws InterruptedException {
    StdioConfig usual = UpstreamFixtures.STDIO;
    var config =
        new StdioConfig(
            10,
            10,
            10,
            usual.startTimeout(),
            probe,
            usual.idleTimeout(),
            usual.maxLifetime(),
            usual.stopGrace(),
            200);
    return new StdioDial(config, UpstreamFixtures.MCP, "0", eras, spawner)
        .open((Transport.Stdio) target.transport(), UpstreamFixtures.opening(target, listener));
  }

  private static Target target(Manner manner) {
    return UpstreamFixtures.target("fake", UpstreamFixtures.stdio(StdioServer.command(manner)));
  }

  private static String call(Upstream upstream, String tool, Caller caller)
      throws InterruptedException {
    Answer answer = upstream.call(UpstreamFixtures.toolCall(tool, "1"), caller);
    return ((Answer.Result) answer).result().toString();
  }

  private void opensAs(Manner manner, Duration probe, Era era) throws InterruptedException {
    Target target = target(manner);

    try (Upstream upstream = open(target, probe)) {
      assertThat(upstream.facts().version().stateless()).isEqualTo(era == Era.STATELESS);
      assertThat(call(upstream, "echo", Caller.SILENT)).isEqualTo("{\"echo\":1}");
    }

    assertThat(eras.find(target)).contains(era);
    assertThat(Processes.children()).isZero();
  }

  @Test
  void aServerThatRefusesTheQuestionIsInitializedOnTheSamePipe() throws InterruptedException {
    opensAs(Manner.INITIALIZE, Duration.ofSeconds(20), Era.INITIALIZE);
  }

  @Test
  void aServerThatDiesOfTheQuestionIsStartedAnew() throws InterruptedException {
    opensAs(Manner.DIES, Duration.ofSeconds(20), Era.INITIALIZE);
  }

  @Test
  void aServerThatIgnoresTheQuestionIsInitializedAfterAWhile() throws InterruptedException {
    opensAs(Manner.IGNORES, Duration.ofSeconds(2), Era.INITIALIZE);
  }

  @Test
  void aStatelessServerIsNeverInitialized() throws InterruptedException {
    opensAs(Manner.STATELESS, Duration.ofSeconds(20), Era.STATELESS);
  }

  @Test
  void aLateAnswerCountsWhenInitializeFails() throws InterruptedException {
    opensAs(Manner.SLOW_STATELESS, Duration.ofMillis(100), Era.STATELESS);
  }

  @Test
  void whatIsKnownToBeOlderIsNotAsked() throws InterruptedException {
    Target target = target(Manner.DIES);
    eras.learn(target, Era.INITIALIZE);

    try (Upstream upstream = open(target, Duration.ofSeconds(20))) {
      assertThat(call(upstream, "lines", Caller.SILENT)).isEqualTo("{\"lines\":3}");
    }
  }

  @Test
  void aProcessThatDiesEitherWaySaysWhy() {
    Target target =
        UpstreamFixtures.target("fake", UpstreamFixtures.shell("echo no database >&2; exit 7"));

    assertThatThrownBy(() -> open(target, Duration.ofSeconds(20)))
        .isInstanceOf(UpstreamFailed.class)
        .hasMessage("target 'fake' exited with code 7: no database");
    assertThat(eras.find(target)).isEmpty();
    assertThat(Processes.children()).isZero();
  }

  @Test
  void aStatelessProcessAsksByItsAnswers() throws InterruptedException, MalformedMessage {
    RecordingCaller caller =
        RecordingCaller.with(
            ClientCapabilities.read(RawJson.of("{\"elicitation\":{}}")),
            Map.of("elicitation/create", RawJson.of("{\"action\":\"accept\",\"n\":{}}")));

    try (Upstream upstream = open(target(Manner.STATELESS), Duration.ofSeconds(20))) {
      assertThat(call(upstream, "confirm", caller))
          .contains("\"state\":" + FakeStatelessTools.STATE)
          .contains("\"responses\":{\"user_name\":{\"action\":\"accept\",\"n\":{}}}");
    }
  }

  @Test
  void aStatelessProcessTellsOfItsListsThoughNobodyAsks() throws InterruptedException {
    try (Upstream upstream = open(target(Manner.STATELESS), Duration.ofSeconds(20))) {
      UpstreamFixtures.await(
          () -> call(upstream, "listening", Caller.SILENT).equals("{\"listening\":1}"));
      String _ = call(upstream, "announce", Caller.SILENT);

      UpstreamFixtures.await(() -> listener.lists().contains(ListKind.TOOLS));
    }
  }

  @Test
  void aStatelessProcessTellsWhoListens() throws InterruptedException {
    try (Upstream upstream = open(target(Manner.STATELESS), Duration.ofSeconds(20))) {
      upstream.follow(new Interest(Set.of(ListKind.TOOLS), Set.of("file:///a")));
      String _ = call(upstream, "announce", Caller.SILENT);
      String _ = call(upstream, "update", Caller.SILENT);

      UpstreamFixtures.await(() -> listener.lists().contains(ListKind.TOOLS));
      UpstreamFixtures.await(() -> listener.resources().contains("file:///a"));

      upstream.follow(new Interest(Set.of(ListKind.TOOLS), Set.of()));
      UpstreamFixtures.await(
          () -> call(upstream, "listening", Caller.SILENT).equals("{\"listening\":1}"));
    }
  }
}
