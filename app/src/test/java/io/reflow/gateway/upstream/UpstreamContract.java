package io.reflow.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.testing.RecordingCaller;
import io.reflow.gateway.testing.RecordingListener;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What holds for an upstream over every transport.
public abstract class UpstreamContract {

  final RecordingListener changes = new RecordingListener();
  Upstream upstream;

  protected abstract Upstream open(Listener listener) throws InterruptedException;

  /// What is spoken.
  protected ProtocolVersion version() {
    return ProtocolVersion.V2025_11_25;
  }

  @BeforeEach
  final void openUpstream() throws InterruptedException {
    upstream = open(changes);
  }

  @AfterEach
  final void closeUpstream() {
    upstream.close();
  }

  private Answer call(String tool, String arguments) throws InterruptedException {
    return upstream.call(UpstreamFixtures.toolCall(tool, arguments), Caller.SILENT);
  }

  protected final String result(String tool, String arguments) throws InterruptedException {
    return ((Answer.Result) call(tool, arguments)).result().toString();
  }

  @Test
  final void learnsWhatTheServerOffers() {
    assertThat(upstream.facts().version()).isEqualTo(version());
    assertThat(upstream.facts().offers())
        .containsExactlyInAnyOrder(
            Capability.TOOLS,
            Capability.TOOLS_LIST_CHANGED,
            Capability.LOGGING,
            Capability.RESOURCES,
            Capability.RESOURCES_SUBSCRIBE);
    assertThat(upstream.facts().instructions()).contains("Be kind.");
    assertThat(upstream.facts().serverInfo())
        .hasToString("{\"name\":\"fake\",\"version\":\"1.0\"}");
  }

  @Test
  final void passesResultsOnAsTheyAre() throws InterruptedException {
    String odd = "{\"z\":1.0,\"a\":1e3,\"ü\":\"\\u00fc\",\"big\":12345678901234567890}";

    assertThat(result("echo", odd)).isEqualTo("{\"echo\":" + odd + "}");
  }

  @Test
  final void passesErrorsOnAsTheyAre() throws InterruptedException {
    assertThat(call("fail", "{}"))
        .isEqualTo(
            new Answer.Failure(
                RawJson.of("{\"code\":-32602,\"message\":\"no\",\"data\":{\"x\":1.0}}")));
  }

  @Test
  final void lineBreaksBetweenTokensDoNotSplitTheMessage() throws InterruptedException {
    assertThat(result("echo", "{\r\n\"a\":\n1\r}")).isEqualTo("{\"echo\":{\"a\":1}}");
  }

  @Test
  final void givesEachCallerItsOwnAnswer() throws ExecutionException, InterruptedException {
    List<Future<String>> answers = new ArrayList<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 200; i++) {
        String arguments = "{\"n\":" + i + "}";
        answers.add(threads.submit(() -> result("echo", arguments)));
      }
    }
    for (int i = 0; i < 200; i++) {
      assertThat(answers.get(i).get()).isEqualTo("{\"echo\":{\"n\":" + i + "}}");
    }
  }

  @Test
  final void answersToNobodysQuestionAreDropped() throws InterruptedException {
    assertThat(result("stranger", "{}")).isEqualTo("{\"mine\":true}");
    assertThat(result("echo", "1")).isEqualTo("{\"echo\":1}");
  }

  @Test
  final void progressReachesTheCallThatItBelongsTo()
      throws ExecutionException, InterruptedException {
    RecordingCaller first = RecordingCaller.mute();
    RecordingCaller second = RecordingCaller.mute();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Answer> one =
          threads.submit(() -> upstream.call(UpstreamFixtures.progressCall(7001, 3), first));
      Future<Answer> other =
          threads.submit(() -> upstream.call(UpstreamFixtures.progressCall(7002, 3), second));
      assertThat(((Answer.Result) one.get()).result()).hasToString("{\"token\":7001}");
      assertThat(((Answer.Result) other.get()).result()).hasToString("{\"token\":7002}");
    }

    assertThat(first.progress())
        .containsExactly(
            "{\"progressToken\":7001,\"progress\":1}",
            "{\"progressToken\":7001,\"progress\":2}",
            "{\"progressToken\":7001,\"progress\":3}");
    assertThat(second.progress()).hasSize(3).allMatch(params -> params.contains("7002"));
  }

  @Test
  final void progressKeepsACallAlive() throws InterruptedException {
    UpstreamCall call =
        UpstreamFixtures.within(
            UpstreamFixtures.progressCall(7003, 90), Duration.ofSeconds(4), Duration.ofMinutes(1));

    assertThat(upstream.call(call, Caller.SILENT)).isInstanceOf(Answer.Result.class);
  }

  @Test
  final void theLongestDurationEndsACallWhateverItsProgress() {
    UpstreamCall call =
        UpstreamFixtures.within(
            UpstreamFixtures.progressCall(7004, 100),
            Duration.ofSeconds(5),
            Duration.ofMillis(300));

    assertThatThrownBy(() -> upstream.call(call, Caller.SILENT))
        .isInstanceOf(UpstreamFailed.class)
        .hasMessage("target 'fake' did not answer within 300 ms");
  }

  @Test
  final void silenceEndsTheCallHereAndThere() throws InterruptedException {
    UpstreamCall call =
        UpstreamFixtures.within(
            UpstreamFixtures.toolCall("silent", "{}"),
            Duration.ofMillis(200),
            Duration.ofMinutes(1));

    assertThatThrownBy(() -> upstream.call(call, Caller.SILENT))
        .isInstanceOf(UpstreamFailed.class)
        .hasMessage("target 'fake' did not answer within 200 ms");
    awaitCancellation();
  }

  @Test
  final void anInterruptedCallerCancelsTheCall() throws InterruptedException {
    AtomicReference<Object> outcome = new AtomicReference<>("nothing");
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              try {
                outcome.set(call("silent", "{}"));
              } catch (InterruptedException e) {
                outcome.set(e);
              }
            });
    UpstreamFixtures.await(() -> caller.getState() == Thread.State.WAITING);
    String _ = result("echo", "1");

    caller.interrupt();

    assertThat(caller.join(Duration.ofSeconds(20))).isTrue();
    assertThat(outcome.get()).isInstanceOf(InterruptedException.class);
    awaitCancellation();
  }

  private void awaitCancellation() throws InterruptedException {
    UpstreamFixtures.await(() -> !result("cancelled", "{}").equals("{\"cancelled\":[]}"));
  }

  @Test
  final void tellsOfChangedLists() throws InterruptedException {
    upstream.follow(new Interest(Set.of(Listener.ListKind.TOOLS), Set.of()));

    String _ = result("announce", "{}");

    UpstreamFixtures.await(() -> changes.lists().contains(Listener.ListKind.TOOLS));
  }

  @Test
  final void answersPingsAndRefusesAllElseThatTheServerAsks() throws InterruptedException {
    String replies = result("ask", "{}");

    if (version().stateless()) {
      // A server of this era must not ask, and gets no answer.
      assertThat(replies).isEqualTo("{\"asked\":true}");
    } else {
      assertThat(replies)
          .contains("\"ping\":{\"jsonrpc\":\"2.0\",\"id\":\"p1\",\"result\":{}}")
          .containsPattern("\"roots\":.*\"code\":-3260[13]");
    }
  }

  @Test
  final void anAnswerThatIsTooLargeFailsOnlyItsCall() throws InterruptedException {
    assertThatThrownBy(() -> call("large", "{\"count\":3000000}"))
        .isInstanceOf(UpstreamFailed.class)
        .hasMessage("target 'fake' answered with more than 1048576 bytes");
    assertThat(result("large", "{\"count\":1000000}")).hasSize(1_000_011);
  }

  @Test
  final void aClosedUpstreamFailsCallsAtOnce() {
    upstream.close();

    assertThat(upstream.alive()).isFalse();
    assertThatThrownBy(() -> call("echo", "{}")).isInstanceOf(UpstreamFailed.class);
  }
}
