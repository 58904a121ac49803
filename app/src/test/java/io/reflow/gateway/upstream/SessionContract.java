package io.reflow.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.testing.RecordingCaller;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// What holds for an upstream of the `initialize` era, whose server asks in the middle of a call
/// and tells of resources that were subscribed to. Each is opened for one user with an able client.
public abstract class SessionContract extends UpstreamContract {

  private static final String FORM = "{\"ask\":\"elicitation/create\",\"message\":\"?\"}";
  private static final RawJson ACCEPTED =
      RawJson.of("{\"action\":\"accept\",\"content\":{\"n\":1.0}}");

  /// What the server was asked to tell of.
  protected abstract Set<String> subscribed() throws InterruptedException;

  private String ask(String tool, String question, Caller caller) throws InterruptedException {
    Answer answer = upstream.call(UpstreamFixtures.toolCall(tool, question), caller);
    return ((Answer.Result) answer).result().toString();
  }

  private static RecordingCaller able() {
    return RecordingCaller.with(
        UpstreamFixtures.ABLE_CLIENT, Map.of("elicitation/create", ACCEPTED));
  }

  @Test
  final void asksTheClientAndHandsItsAnswerOn() throws InterruptedException {
    RecordingCaller caller = able();

    String reply = ask("question", FORM, caller);

    assertThat(reply).contains("\"result\":" + ACCEPTED);
    assertThat(caller.asked())
        .singleElement()
        .satisfies(question -> {
          assertThat(question.method()).isEqualTo("elicitation/create");
          assertThat(question.params().raw()).hasToString(FORM);
        });
  }

  @Test
  final void handsTheClientsRefusalOn() throws InterruptedException {
    assertThat(ask("question", "{\"ask\":\"roots/list\"}", able()))
        .contains("\"error\":{\"code\":-1,\"message\":\"refused\"}");
  }

  @Test
  final void aQuestionThatBelongsToNoCallGoesToTheOneUnderWay() throws InterruptedException {
    upstream.follow(new Interest(Set.of(Listener.ListKind.TOOLS), Set.of()));

    assertThat(ask("question-apart", FORM, able())).contains("\"result\":" + ACCEPTED);
  }

  @Test
  final void whatTheClientHasNotDeclaredIsNotAsked() throws InterruptedException {
    RecordingCaller formsOnly =
        RecordingCaller.with(
            new ClientCapabilities(false, false, true, false, false, true, false, Optional.empty()),
            Map.of());

    assertThat(ask("question", "{\"ask\":\"roots/list\"}", formsOnly)).contains("\"code\":-32601");
    assertThat(ask("question", "{\"ask\":\"elicitation/create\",\"mode\":\"url\"}", formsOnly))
        .contains("\"code\":-32602");
    assertThat(ask("question", "{\"ask\":\"sampling/createMessage\",\"tools\":[]}", formsOnly))
        .contains("\"code\":-32602");
    assertThat(ask("question", "{\"ask\":\"tasks/list\"}", formsOnly)).contains("\"code\":-32601");
    assertThat(formsOnly.asked()).isEmpty();
  }

  @Test
  final void aQuestionIsTakenBackWhenTheServerWantsNoAnswer() throws InterruptedException {
    var caller = new Thinking();

    assertThat(ask("withdraw", FORM, caller)).isEqualTo("{\"replied\":false}");

    assertThat(caller.interrupted.await(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  final void theEndOfACallEndsItsQuestions() throws InterruptedException {
    var caller = new Thinking();

    assertThat(ask("leave", FORM, caller)).isEqualTo("{\"left\":true}");

    assertThat(caller.interrupted.await(20, TimeUnit.SECONDS)).isTrue();
    UpstreamFixtures.await(() -> result("replies", "{}").contains("{\"action\":\"cancel\"}"));
  }

  @Test
  final void aCancelledCallEndsItsQuestionsToo() throws InterruptedException {
    var thinking = new Thinking();
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              try {
                String _ = ask("question", FORM, thinking);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    assertThat(thinking.asked.await(20, TimeUnit.SECONDS)).isTrue();

    caller.interrupt();

    assertThat(caller.join(Duration.ofSeconds(20))).isTrue();
    assertThat(thinking.interrupted.await(20, TimeUnit.SECONDS)).isTrue();
    UpstreamFixtures.await(() -> !result("cancelled", "{}").equals("{\"cancelled\":[]}"));
    UpstreamFixtures.await(() -> result("replies", "{}").contains("{\"action\":\"cancel\"}"));
  }

  @Test
  final void theClockStandsStillWhileTheClientThinks()
      throws ExecutionException, InterruptedException {
    var caller = new Thinking();
    UpstreamCall call =
        UpstreamFixtures.within(
            UpstreamFixtures.toolCall("question", FORM),
            Duration.ofSeconds(4),
            Duration.ofSeconds(4));
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Answer> answer = threads.submit(() -> upstream.call(call, caller));
      assertThat(caller.asked.await(20, TimeUnit.SECONDS)).isTrue();
      long since = System.nanoTime();
      UpstreamFixtures.await(() -> System.nanoTime() - since > 4_500_000_000L);
      caller.answered.countDown();

      assertThat(answer.get()).asString().contains("\"result\":" + ACCEPTED);
    }
  }

  @Test
  final void tellsOfResourcesThatAreFollowed() throws InterruptedException {
    upstream.follow(new Interest(Set.of(), Set.of("file:///a", "file:///refused")));
    assertThat(subscribed()).containsExactly("file:///a");

    String _ = result("announce-apart", "{}");

    UpstreamFixtures.await(() -> changes.resources().contains("file:///a"));
    UpstreamFixtures.await(() -> changes.lists().contains(Listener.ListKind.PROMPTS));
    UpstreamFixtures.await(() -> changes.completed().equals(List.of("e1")));
  }

  @Test
  final void followsNoMoreThanIsWanted() throws InterruptedException {
    upstream.follow(new Interest(Set.of(), Set.of("file:///a", "file:///b")));
    upstream.follow(new Interest(Set.of(), Set.of("file:///b", "file:///c")));
    assertThat(subscribed()).containsExactlyInAnyOrder("file:///b", "file:///c");

    upstream.follow(Interest.NONE);

    assertThat(subscribed()).isEmpty();
  }

  /// Answers when it is let, and not at all when it is interrupted.
  private static final class Thinking implements Caller {
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch answered = new CountDownLatch(1);
    private final CountDownLatch interrupted = new CountDownLatch(1);

    @Override
    public void progress(RawJson params) {}

    @Override
    public void log(RawJson params) {}

    @Override
    public Map<String, InputRequest.Answer> ask(List<InputRequest> questions)
        throws InterruptedException {
      asked.countDown();
      try {
        answered.await();
      } catch (InterruptedException e) {
        interrupted.countDown();
        throw e;
      }
      return Map.of(questions.getFirst().key(), new InputRequest.Answer.Given(ACCEPTED));
    }

    @Override
    public ClientCapabilities capabilities() {
      return UpstreamFixtures.ABLE_CLIENT;
    }

    @Override
    public Optional<LogLevel> logLevel() {
      return Optional.empty();
    }

    @Override
    public boolean takesInputRequired() {
      return false;
    }
  }
}
