package io.reflow.gateway.upstream.stateless;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.testing.RecordingCaller;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.UpstreamCall;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RoundsTest {

  private static final String COMPLETE = "{\"resultType\":\"complete\",\"n\":1.0}";
  private static final String FORM =
      "{\"method\":\"elicitation/create\",\"params\":{\"message\":\"?\"}}";
  private static final String PAGE =
      "{\"method\":\"elicitation/create\",\"params\":"
          + "{\"mode\":\"url\",\"message\":\"?\",\"url\":\"https://x/y\"}}";
  private static final RawJson ACCEPTED =
      RawJson.of("{\"action\":\"accept\",\"content\":{\"n\":1.0}}");

  private final List<String> sent = new ArrayList<>();
  private final Deque<String> answers = new ArrayDeque<>();

  private static ClientCapabilities capabilities(String json) {
    try {
      return ClientCapabilities.read(RawJson.of(json));
    } catch (MalformedMessage e) {
      throw new AssertionError(e);
    }
  }

  private static RecordingCaller caller(Map<String, RawJson> replies) {
    return RecordingCaller.with(
        capabilities("{\"elicitation\":{\"form\":{},\"url\":{}},\"sampling\":{},\"roots\":{}}"),
        replies);
  }

  private static String asks(String requests, String state) {
    return "{\"resultType\":\"input_required\",\"inputRequests\":{%s}%s}"
        .formatted(requests, state.isEmpty() ? "" : ",\"requestState\":" + state);
  }

  private Answer run(RecordingCaller caller, String... inTurn) throws InterruptedException {
    Collections.addAll(answers, inTurn);
    UpstreamCall call = UpstreamFixtures.toolCall("t", "{\"a\":1.0}");
    return new Rounds("x", this::send).run(call, caller);
  }

  private Answer send(UpstreamCall call, Object caller) {
    sent.add(call.params().toString());
    return new Answer.Result(RawJson.of(answers.removeFirst()));
  }

  @ParameterizedTest
  @ValueSource(strings = {COMPLETE, "{\"content\":[]}"})
  void passesOnWhatIsComplete(String result) throws InterruptedException {
    assertThat(run(caller(Map.of()), result)).isEqualTo(new Answer.Result(RawJson.of(result)));
    assertThat(sent).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"other\"", "1", "null"})
  void refusesResultsOfUnknownTypes(String type) {
    assertThatThrownBy(() -> run(caller(Map.of()), "{\"resultType\":" + type + "}"))
        .isInstanceOf(UpstreamFailed.class);
  }

  @Test
  void asksTheClientAndSendsTheRequestAgain() throws InterruptedException {
    RecordingCaller caller = caller(Map.of("elicitation/create", ACCEPTED));

    Answer answer = run(caller, asks("\"k\":" + FORM, "\"\\u0061 \\/\""), COMPLETE);

    assertThat(answer).isEqualTo(new Answer.Result(RawJson.of(COMPLETE)));
    assertThat(caller.asked()).hasSize(1).allMatch(question -> question.key().equals("k"));
    assertThat(sent)
        .containsExactly(
            "{\"name\":\"t\",\"arguments\":{\"a\":1.0}}",
            "{\"name\":\"t\",\"arguments\":{\"a\":1.0},\"inputResponses\":{\"k\":"
                + ACCEPTED
                + "},\"requestState\":\"\\u0061 \\/\"}");
  }

  @Test
  void neverSendsWhatEarlierRoundsBrought() throws InterruptedException {
    RecordingCaller caller = caller(Map.of("elicitation/create", ACCEPTED));

    Answer _ = run(caller, asks("\"a\":" + FORM, "\"1\""), asks("\"b\":" + FORM, ""), COMPLETE);

    assertThat(sent.get(2)).contains("\"b\":").doesNotContain("\"a\":{", "requestState");
  }

  @Test
  void handsTheQuestionOnToAClientThatTakesIt() throws InterruptedException {
    RecordingCaller mute = caller(Map.of());
    RecordingCaller caller =
        new RecordingCaller(
            mute.progress(),
            mute.logs(),
            mute.asked(),
            mute.answers(),
            mute.capabilities(),
            Optional.empty(),
            true);
    String question = asks("\"user_name\":" + FORM, "\"s\"");

    assertThat(run(caller, question)).isEqualTo(new Answer.Result(RawJson.of(question)));
    assertThat(caller.asked()).isEmpty();
  }

  @Test
  void aRefusedFormIsACancelledOne() throws InterruptedException {
    Answer _ = run(caller(Map.of()), asks("\"k\":" + FORM, ""), COMPLETE);

    assertThat(sent.get(1)).contains("\"inputResponses\":{\"k\":{\"action\":\"cancel\"}}");
  }

  @Test
  void aRefusedSamplingEndsTheCall() throws InterruptedException {
    Answer answer =
        run(caller(Map.of()), asks("\"k\":{\"method\":\"sampling/createMessage\"}", ""));

    assertThat(((Answer.Result) answer).result().toString()).contains("\"isError\":true");
    assertThat(sent).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"method\":\"roots/list\"}",
        "{\"method\":\"tasks/get\"}",
        "{\"method\":\"elicitation/create\",\"params\":{\"mode\":\"url\",\"url\":\"https://x\"}}",
        "1"
      })
  void aTargetMustNotAskWhatTheClientHasNotDeclared(String request) {
    RecordingCaller caller =
        RecordingCaller.with(
            capabilities("{\"elicitation\":{}}"), Map.of("elicitation/create", ACCEPTED));

    assertThatThrownBy(() -> run(caller, asks("\"k\":" + request, "")))
        .isInstanceOf(UpstreamFailed.class);
    assertThat(caller.asked()).isEmpty();
  }

  @Test
  void aStateAloneIsSentBackAfterAWhile() throws InterruptedException {
    long start = System.nanoTime();

    Answer _ =
        run(
            caller(Map.of()),
            "{\"resultType\":\"input_required\",\"requestState\":\"1\"}",
            "{\"resultType\":\"input_required\",\"requestState\":\"2\"}",
            COMPLETE);

    assertThat(System.nanoTime() - start).isGreaterThan(700_000_000L);
    assertThat(sent.get(1)).contains("\"requestState\":\"1\"").doesNotContain("inputResponses");
    assertThat(sent.get(2)).contains("\"requestState\":\"2\"");
  }

  @Test
  void doesNotGoOnForEver() {
    String[] questions = new String[20];
    Arrays.fill(questions, asks("\"k\":" + FORM, ""));

    assertThatThrownBy(() -> run(caller(Map.of()), questions)).isInstanceOf(UpstreamFailed.class);
    assertThat(sent).hasSize(10);
  }

  @Test
  void aPageThatTheUserVisitsIsNotShownAgain() throws InterruptedException {
    RecordingCaller caller =
        caller(Map.of("elicitation/create", RawJson.of("{\"action\":\"accept\"}")));

    Answer _ = run(caller, asks("\"k\":" + PAGE, ""), asks("\"j\":" + PAGE, ""), COMPLETE);

    assertThat(caller.asked()).hasSize(1);
    assertThat(caller.asked().element().params().text("elicitationId")).isPresent();
    assertThat(sent.get(2)).contains("\"inputResponses\":{\"j\":{\"action\":\"accept\"}}");
  }

  @Test
  void progressNeverGoesBack() throws InterruptedException {
    RecordingCaller caller = caller(Map.of("elicitation/create", ACCEPTED));
    Deque<String> progress = new ArrayDeque<>(List.of("3", "0.5"));
    Collections.addAll(answers, asks("\"k\":" + FORM, ""), COMPLETE);
    Rounds rounds =
        new Rounds(
            "x",
            (call, heard) -> {
              heard.progress(
                  RawJson.of("{\"progressToken\":1,\"progress\":" + progress.remove() + "}"));
              return send(call, heard);
            });

    Answer _ = rounds.run(UpstreamFixtures.toolCall("t", "{}"), caller);

    assertThat(caller.progress())
        .containsExactly(
            "{\"progressToken\":1,\"progress\":3}", "{\"progressToken\":1,\"progress\":3.5}");
  }
}
