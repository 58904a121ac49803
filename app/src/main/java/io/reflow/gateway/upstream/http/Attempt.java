package io.reflow.gateway.upstream.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.PendingCall;
import io.reflow.gateway.upstream.SideMessages;
import io.reflow.gateway.upstream.era.StatelessError;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One POST of a request and what comes back of it, on its own response or on those that resume it:
/// settles the pending call, whatever happens. Nothing of a body that is not the answer ever gets
/// into an error.
final class Attempt {

  private final byte[] id;
  private final PendingCall waiting;
  private final boolean inSession;
  private final boolean exclusive;
  private final int largestMessage;
  private final SideMessages sideMessages;
  private volatile Verdict verdict = Verdict.DECIDED;
  private volatile Optional<String> sessionId = Optional.empty();
  private volatile @Nullable EventStream events;
  private volatile int status;
  private volatile boolean resumed;
  private final StreamPosition position = new StreamPosition();

  Attempt(
      long id,
      PendingCall waiting,
      boolean inSession,
      boolean exclusive,
      int largestMessage,
      SideMessages sideMessages) {
    this.id = Long.toString(id).getBytes(UTF_8);
    this.waiting = waiting;
    this.inSession = inSession;
    this.exclusive = exclusive;
    this.largestMessage = largestMessage;
    this.sideMessages = sideMessages;
  }

  /// What a failure says about a second attempt.
  enum Verdict {
    /// There is no use in one.
    DECIDED,
    /// The target has not worked on it, and wants a new session.
    SESSION_GONE,
    /// The connection broke: nobody knows how far the target came.
    BROKEN
  }

  Verdict verdict() {
    return verdict;
  }

  /// Whether the response says that nobody there understands a POST like this one.
  boolean speaksOtherwise() {
    return status == 400 || status == 404 || status == 405;
  }

  /// The session that the target opened with this answer.
  Optional<String> sessionId() {
    return sessionId;
  }

  /// The answer comes, or came, on a stream that the target may leave open.
  boolean stream() {
    return events != null;
  }

  /// The latest stream that was opened, whether or not anybody heard of it.
  @Nullable EventStream opened() {
    return events;
  }

  StreamPosition position() {
    return position;
  }

  /// The answer has not come, and there is a way to ask for the rest of the stream.
  boolean resumable() {
    return stream() && !waiting.settled() && position.lastId().isPresent();
  }

  /// Takes the rest of the stream, from another response.
  BodySubscriber<Boolean> resumed(HttpResponse.ResponseInfo response) {
    if (response.statusCode() == 200 && Wire.isEventStream(response.headers())) {
      resumed = true;
      return events();
    }
    if (response.statusCode() / 100 != 5) {
      verdict = Verdict.BROKEN;
      waiting.fail(
          "ended its answer before it was complete, and does not go on with it (HTTP %d)"
              .formatted(response.statusCode()));
    }
    return BodySubscribers.replacing(false);
  }

  /// Tells the responses to the POST apart.
  Response.Handler handler() {
    return new Response.Handler(largestMessage, waiting::heard, this::events);
  }

  /// Looks into a response; what comes on an event stream is looked into as it comes.
  void take(HttpResponse<Response> response) {
    status = response.statusCode();
    if (status / 100 == 2 && waiting.call().method().equals("initialize")) {
      sessionId = response.headers().firstValue("Mcp-Session-Id");
    }
    switch (response.body()) {
      case Response.Json(var body) -> receive(body.array(), body.to());
      case Response.Refusal(var body) -> refused(body.array(), body.to());
      case Response.Events _ -> {}
      case Response.TooLarge _ -> tooLarge();
      case Response.Unfit(var what) -> waiting.fail(what);
    }
  }

  private EventStream events() {
    var opened = new EventStream(largestMessage, position, this::event, this::tooLarge);
    events = opened;
    return opened;
  }

  private void refused(byte[] bytes, int length) {
    if (status == 400 && inSession && knowsNoSuchSession(bytes, length)) {
      sessionGone();
    } else {
      refused(errorIn(bytes, length));
    }
  }

  private void refused(Optional<RawJson> error) {
    if (status == 401 || status == 403) {
      waiting.fail("refuses the gateway's credential (HTTP %d)".formatted(status));
    } else if (error.isPresent()) {
      waiting.answer(new Answer.Failure(error.get()));
    } else if (status == 404 && inSession) {
      sessionGone();
    } else {
      waiting.fail("answered with HTTP " + status);
    }
  }

  private void sessionGone() {
    verdict = Verdict.SESSION_GONE;
    waiting.fail("has forgotten the session");
  }

  /// A server that was upgraded has no sessions any more, and says that it does not speak their
  /// version.
  private static boolean knowsNoSuchSession(byte[] bytes, int length) {
    try {
      return MessageReader.read(bytes, 0, length) instanceof Message.Failure(var _, RawJson error)
          && (StatelessError.read(error).code() == StatelessError.UNSUPPORTED_VERSION
              || deniesSession(error.toString()));
    } catch (MalformedMessage _) {
      return false;
    }
  }

  /// Many servers are made after an example that says in this way that it knows no such session.
  private static boolean deniesSession(String error) {
    return error.contains("-3200") && error.toLowerCase(Locale.ROOT).contains("session id");
  }

  /// Some servers put the answer of a failed request into a response with an error status.
  private Optional<RawJson> errorIn(byte[] bytes, int length) {
    try {
      return MessageReader.read(bytes, 0, length)
                  instanceof Message.Failure(Optional<RawJson> failed, RawJson error)
              && failed.filter(this::isOurs).isPresent()
          ? Optional.of(error)
          : Optional.empty();
    } catch (MalformedMessage _) {
      return Optional.empty();
    }
  }

  private void event(String type, byte[] data) {
    if (type.equals("message")) {
      receive(data, data.length);
    }
  }

  private void receive(byte[] bytes, int length) {
    if (waiting.settled()) {
      return;
    }
    try {
      switch (MessageReader.read(bytes, 0, length)) {
        case Message.Result(var of, var result) ->
            settle(Optional.of(of), new Answer.Result(result));
        case Message.Failure(var of, var error) -> settle(of, new Answer.Failure(error));
        case Message.Notification notification ->
            sideMessages.notification(notification, spokenOf());
        case Message.Request request -> sideMessages.request(request, spokenOf());
      }
    } catch (MalformedMessage e) {
      waiting.fail("answered with garbage: " + e.why());
    }
  }

  /// The call that is meant by what names none. A target that does not know how to resume may say
  /// anything on the stream that it opens instead, so that nobody knows whose call is meant where
  /// several users share the session.
  private Optional<PendingCall> spokenOf() {
    return resumed && !exclusive ? Optional.empty() : Optional.of(waiting);
  }

  private void settle(Optional<RawJson> of, Answer answer) {
    if (of.filter(this::isOurs).isPresent()) {
      waiting.answer(answer);
    } else if (!stream()) {
      waiting.fail("answered another question than was asked");
    }
  }

  private boolean isOurs(RawJson of) {
    return Arrays.equals(of.array(), of.from(), of.to(), id, 0, id.length);
  }

  private void tooLarge() {
    waiting.fail("answered with more than %d bytes".formatted(largestMessage));
  }

  /// The exchange is over, one way or the other.
  void ended(@Nullable Throwable failure) {
    if (waiting.settled()) {
      return;
    }
    if (failure == null) {
      waiting.fail("ended its answer before it was complete");
    } else {
      verdict = Verdict.BROKEN;
      waiting.fail(Wire.inWords(failure));
    }
  }
}
