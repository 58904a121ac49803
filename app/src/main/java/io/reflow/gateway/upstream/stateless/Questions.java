package io.reflow.gateway.upstream.stateless;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.InputRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/// Puts what a target asks in the course of one call to the caller. A page that the user has just
/// agreed to visit is not shown again while the target waits for what happens there.
final class Questions {

  private static final Duration VISIT = Duration.ofMinutes(5);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);
  private static final int MOST = 100;
  private static final RawJson ACCEPT = RawJson.of("{\"action\":\"accept\"}");
  private static final RawJson CANCEL = RawJson.of("{\"action\":\"cancel\"}");

  private final String target;
  private final Caller caller;
  private final Map<String, Visit> visits = new HashMap<>();

  Questions(String target, Caller caller) {
    this.target = target;
    this.caller = caller;
  }

  /// A page that the user has agreed to visit.
  private static final class Visit {
    private final long since = System.nanoTime();
    private Duration nextWait = Duration.ofSeconds(1);

    boolean lasts() {
      return System.nanoTime() - since < VISIT.toNanos();
    }
  }

  /// What there is to send back.
  sealed interface Reply {

    record NothingAsked() implements Reply {}

    /// The value of `inputResponses`.
    record Given(RawJson responses) implements Reply {}

    /// The user is on the pages already: to be sent after a while.
    record AcceptedBefore(RawJson responses, Duration pause) implements Reply {}

    /// The client gives no answer, and without one there is nothing to send.
    record Refused() implements Reply {}
  }

  /// Asks, and waits for the answers.
  ///
  /// @param requests the value of `inputRequests`
  Reply answer(Optional<RawJson> requests) throws InterruptedException {
    List<InputRequest> all = requests.isPresent() ? read(requests.get()) : List.of();
    if (all.isEmpty()) {
      return new Reply.NothingAsked();
    }
    Map<String, RawJson> responses = new LinkedHashMap<>();
    List<InputRequest> open = new ArrayList<>();
    Duration wait = Duration.ZERO;
    for (InputRequest request : all) {
      Visit visit = url(request).map(visits::get).orElse(null);
      if (visit != null && visit.lasts()) {
        responses.put(request.key(), ACCEPT);
        wait = visit.nextWait.compareTo(wait) > 0 ? visit.nextWait : wait;
        Duration doubled = visit.nextWait.multipliedBy(2);
        visit.nextWait = doubled.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : doubled;
      } else {
        open.add(request);
      }
    }
    if (open.isEmpty()) {
      return new Reply.AcceptedBefore(json(responses), wait);
    }
    return ask(open, responses) ? new Reply.Given(json(responses)) : new Reply.Refused();
  }

  private List<InputRequest> read(RawJson requests) {
    try {
      if (!isObject(requests)) {
        throw failed("asked for input without saying for what");
      }
      List<InputRequest> all = new ArrayList<>();
      for (JsonObject.Member member : MessageReader.readObject(requests).members()) {
        all.add(request(member));
      }
      if (all.size() > MOST) {
        throw failed("asked for too much at once");
      }
      return all;
    } catch (MalformedMessage e) {
      throw failed("asked with garbage: " + e.why());
    }
  }

  private InputRequest request(JsonObject.Member member) throws MalformedMessage {
    if (!isObject(member.value())) {
      throw failed("asked for input without saying for what");
    }
    JsonObject request = MessageReader.readObject(member.value());
    String method = request.text("method").orElse("");
    Optional<RawJson> given = request.value("params").filter(Questions::isObject);
    JsonObject params =
        given.isPresent() ? MessageReader.readObject(given.get()) : JsonObject.EMPTY;
    if (!caller.capabilities().allow(method, params)) {
      throw failed("asked for something that the client can't do");
    }
    if (method.equals("elicitation/create") && isUrl(params)) {
      params = withId(params);
    }
    return new InputRequest(member.name(), method, params);
  }

  private static boolean isObject(RawJson value) {
    return value.array()[value.from()] == '{';
  }

  private static boolean isUrl(JsonObject params) {
    return params.text("mode").filter("url"::equals).isPresent();
  }

  private static Optional<String> url(InputRequest request) {
    return request.method().equals("elicitation/create") && isUrl(request.params())
        ? request.params().text("url")
        : Optional.empty();
  }

  /// Clients of the older era know a page by an id, which the newer one does without.
  private static JsonObject withId(JsonObject params) throws MalformedMessage {
    return MessageReader.readObject(
        new JsonObjectEdit(params)
            .set("elicitationId", JsonText.string(UUID.randomUUID().toString()))
            .apply());
  }

  private boolean ask(List<InputRequest> open, Map<String, RawJson> responses)
      throws InterruptedException {
    Map<String, InputRequest.Answer> answers = caller.ask(open);
    for (InputRequest request : open) {
      switch (answers.get(request.key())) {
        case InputRequest.Answer.Given(var result) -> {
          responses.put(request.key(), result);
          noteVisit(request, result);
        }
        case InputRequest.Answer.Refused _ when request.method().equals("elicitation/create") ->
            responses.put(request.key(), CANCEL);
        case null, default -> {
          return false;
        }
      }
    }
    return true;
  }

  private void noteVisit(InputRequest request, RawJson result) {
    Optional<String> url = url(request);
    if (url.isEmpty()) {
      return;
    }
    try {
      if (MessageReader.readObject(result).text("action").filter("accept"::equals).isPresent()) {
        visits.put(url.get(), new Visit());
      } else {
        visits.remove(url.get());
      }
    } catch (MalformedMessage _) {
      visits.remove(url.get());
    }
  }

  private static RawJson json(Map<String, RawJson> responses) {
    var text = new StringBuilder("{");
    responses.forEach((key, value) -> {
      if (text.length() > 1) {
        text.append(',');
      }
      text.append(JsonText.quote(key)).append(':').append(value);
    });
    return RawJson.of(text.append('}').toString());
  }

  private UpstreamFailed failed(String what) {
    return new UpstreamFailed(target, what);
  }
}
