package io.reflow.gateway.upstream.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Answer;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What comes back of one POST to a stateless target: JSON, or a stream of notifications that ends
/// with the answer. Requests of the target have no place there and are not read.
final class StatelessResponse {

  private final byte[] id;
  private final int largestMessage;
  private final Receiver receiver;
  private volatile int status;
  private volatile @Nullable EventStream events;

  StatelessResponse(long id, int largestMessage, Receiver receiver) {
    this.id = Long.toString(id).getBytes(UTF_8);
    this.largestMessage = largestMessage;
    this.receiver = receiver;
  }

  /// Takes it. Nothing of a body that is not the answer ever gets into a failure.
  interface Receiver {

    /// Something has come, whatever it is.
    void heard();

    void notification(Message.Notification notification);

    void answer(Answer answer);

    /// There will be no answer.
    void fail(String what);

    /// Nothing is wanted any more.
    boolean settled();
  }

  /// Of the response, or 0 when none has come.
  int status() {
    return status;
  }

  /// The target may leave it open behind the answer.
  boolean stream() {
    return events != null;
  }

  /// The stream that was opened, whether or not anybody heard of it.
  @Nullable EventStream opened() {
    return events;
  }

  /// Tells responses apart.
  Response.Handler handler() {
    return new Response.Handler(largestMessage, receiver::heard, this::events);
  }

  private EventStream events() {
    var opened =
        new EventStream(
            largestMessage,
            new StreamPosition(),
            (_, data) -> receive(data, data.length),
            this::tooLarge);
    events = opened;
    return opened;
  }

  /// Looks into a response; what comes on an event stream is looked into as it comes.
  void take(HttpResponse<Response> response) {
    status = response.statusCode();
    switch (response.body()) {
      case Response.Json(var body) -> receive(body.array(), body.to());
      case Response.Refusal(var body) -> refused(errorIn(body.array(), body.to()));
      case Response.Events _ -> {}
      case Response.TooLarge _ -> tooLarge();
      case Response.Unfit(var what) -> receiver.fail(what);
    }
  }

  private void refused(Optional<RawJson> error) {
    if (status == 401 || status == 403) {
      receiver.fail("refuses the gateway's credential (HTTP %d)".formatted(status));
    } else if (error.isPresent()) {
      receiver.answer(new Answer.Failure(error.get()));
    } else {
      receiver.fail("answered with HTTP " + status);
    }
  }

  /// Errors of the protocol itself come with an error status, some before the id was read.
  private Optional<RawJson> errorIn(byte[] bytes, int length) {
    try {
      return MessageReader.read(bytes, 0, length)
                  instanceof Message.Failure(Optional<RawJson> of, RawJson error)
              && of.map(this::isOurs).orElse(true)
          ? Optional.of(error)
          : Optional.empty();
    } catch (MalformedMessage _) {
      return Optional.empty();
    }
  }

  private void receive(byte[] bytes, int length) {
    if (receiver.settled()) {
      return;
    }
    try {
      switch (MessageReader.read(bytes, 0, length)) {
        case Message.Result(var of, var result) ->
            settle(Optional.of(of), new Answer.Result(result, true));
        case Message.Failure(var of, var error) -> settle(of, new Answer.Failure(error));
        case Message.Notification notification -> receiver.notification(notification);
        case Message.Request _ -> receiver.heard();
      }
    } catch (MalformedMessage e) {
      receiver.fail("answered with garbage: " + e.why());
    }
  }

  private void settle(Optional<RawJson> of, Answer answer) {
    if (of.filter(this::isOurs).isPresent()) {
      receiver.answer(answer);
    } else if (!stream()) {
      receiver.fail("answered another question than was asked");
    }
  }

  private boolean isOurs(RawJson of) {
    return Arrays.equals(of.array(), of.from(), of.to(), id, 0, id.length);
  }

  private void tooLarge() {
    receiver.fail("answered with more than %d bytes".formatted(largestMessage));
  }
}
