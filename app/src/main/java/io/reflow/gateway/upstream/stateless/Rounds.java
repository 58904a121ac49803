package io.reflow.gateway.upstream.stateless;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.RisingProgress;
import io.reflow.gateway.upstream.UpstreamCall;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/// Sends a request as often as the target wants to know more before it answers.
///
/// See <https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr>
final class Rounds {

  private static final int MOST = 10;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(250);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /// Only these may be answered with a question.
  private static final Set<String> MAY_ASK = Set.of("tools/call", "prompts/get", "resources/read");

  private final String target;
  private final Exchange exchange;

  /// One request and its answer.
  @FunctionalInterface
  interface Exchange {
    Answer send(UpstreamCall call, Caller caller) throws InterruptedException;
  }

  Rounds(String target, Exchange exchange) {
    this.target = target;
    this.exchange = exchange;
  }

  Answer run(UpstreamCall call, Caller caller) throws InterruptedException {
    return run(call, caller, exchange);
  }

  /// The same over another exchange.
  Answer run(UpstreamCall call, Caller caller, Exchange over) throws InterruptedException {
    RisingProgress heard = new RisingProgress(caller);
    Answer answer = over.send(call, heard);
    Optional<JsonObject> wanted = asks(call, answer);
    if (wanted.isEmpty() || caller.takesInputRequired()) {
      return answer;
    }
    Questions questions = new Questions(target, caller);
    Duration pause = FIRST_PAUSE;
    int rounds = 1;
    while (wanted.isPresent()) {
      Optional<RawJson> state = wanted.get().value("requestState").filter(Rounds::isString);
      Questions.Reply reply = questions.answer(wanted.get().value("inputRequests"));
      Optional<RawJson> responses = Optional.empty();
      switch (reply) {
        case Questions.Reply.Refused() -> {
          return refused(call);
        }
        case Questions.Reply.NothingAsked() -> {
          if (state.isEmpty()) {
            throw failed("asked for input without saying for what");
          }
          Thread.sleep(pause);
          pause = Duration.ofMillis(Math.min(pause.toMillis() * 2, LONGEST_PAUSE.toMillis()));
          rounds++;
        }
        case Questions.Reply.Given(var given) -> {
          responses = Optional.of(given);
          pause = FIRST_PAUSE;
          rounds++;
        }
        case Questions.Reply.AcceptedBefore(var given, var wait) -> {
          responses = Optional.of(given);
          Thread.sleep(wait);
        }
      }
      if (rounds > MOST) {
        throw failed("asked for input more than %d times".formatted(MOST));
      }
      heard.nextRound();
      answer = over.send(next(call, responses, state), heard);
      wanted = asks(call, answer);
    }
    return answer;
  }

  /// The answer's members, when it is none yet.
  private Optional<JsonObject> asks(UpstreamCall call, Answer answer) {
    if (!(answer instanceof Answer.Result(var result, _))) {
      return Optional.empty();
    }
    try {
      JsonObject members = MessageReader.readObject(result);
      Optional<JsonObject.Member> type = members.find("resultType");
      if (type.isEmpty() || type.get().text().filter("complete"::equals).isPresent()) {
        return Optional.empty();
      }
      if (type.get().text().filter("input_required"::equals).isPresent()
          && MAY_ASK.contains(call.method())) {
        return Optional.of(members);
      }
    } catch (MalformedMessage e) {
      throw failed("answered with garbage: " + e.why());
    }
    throw failed("answered with a result of a type that was not to be expected");
  }

  private static boolean isString(RawJson value) {
    return value.array()[value.from()] == '"';
  }

  private Answer refused(UpstreamCall call) {
    if (call.method().equals("tools/call")) {
      return StatelessUpstream.toolError("The client did not give the tool what it asked for.");
    }
    throw failed("asked for something that the client did not give");
  }

  /// The request as it was, with what this round has brought and nothing of the rounds before.
  private static UpstreamCall next(
      UpstreamCall call, Optional<RawJson> responses, Optional<RawJson> state) {
    try {
      var edit = new JsonObjectEdit(MessageReader.readObject(call.params()));
      edit.drop("inputResponses").drop("requestState");
      responses.ifPresent(given -> edit.set("inputResponses", given));
      state.ifPresent(text -> edit.set("requestState", text));
      return call.with(edit.apply());
    } catch (MalformedMessage e) {
      throw new IllegalStateException("parameters that were sent can't be read", e);
    }
  }

  private UpstreamFailed failed(String what) {
    return new UpstreamFailed(target, what);
  }
}
