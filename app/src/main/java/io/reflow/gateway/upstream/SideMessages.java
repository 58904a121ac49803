package io.reflow.gateway.upstream;

import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.Notifications;
import io.reflow.gateway.protocol.RawJson;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/// What a target of the `initialize` era says beside its answers: hands it to the call that it
/// belongs to, or to whoever listens. Called by reader threads, never blocks.
public final class SideMessages {

  private static final int LONGEST_PEER_ID = 256;
  private static final int MOST_REPLIES = 16;

  private final String target;
  private final Listener listener;
  private final CallsUnderWay calls;
  private final Replies replies;
  private final Questions questions;
  private final PendingCall outside;
  private final Semaphore freeReplies = new Semaphore(MOST_REPLIES);

  public SideMessages(String target, Listener listener, CallsUnderWay calls, Replies replies) {
    this.target = target;
    this.listener = listener;
    this.calls = calls;
    this.replies = replies;
    this.questions = new Questions(target, replies);
    this.outside = OutsideCalls.of(target, listener);
  }

  /// The way of an answer back to the target.
  @FunctionalInterface
  public interface Replies {

    /// Waits until the message has left, for a bounded time, whatever comes of it.
    void send(byte[] message) throws InterruptedException;
  }

  /// Takes what wants no answer.
  ///
  /// @param on the call on whose own stream it came
  public void notification(Message.Notification notification, Optional<PendingCall> on) {
    JsonObject params = notification.params();
    switch (notification.method()) {
      case "notifications/progress" -> progress(params, on);
      case "notifications/message" ->
          on.or(calls::only)
              .ifPresentOrElse(call -> call.log(params.raw()), () -> listener.logged(params.raw()));
      case "notifications/cancelled" -> params.value("requestId").ifPresent(questions::withdraw);
      case "notifications/resources/updated" ->
          params.text("uri").ifPresent(uri -> listener.resourceUpdated(uri, params.raw()));
      case "notifications/elicitation/complete" ->
          params
              .text("elicitationId")
              .ifPresent(id -> listener.elicitationCompleted(id, params.raw()));
      default -> {
        Announcements.changedList(notification.method()).ifPresent(listener::listChanged);
        if (!Notifications.known(notification.method())) {
          listener.unknown(notification.method(), params.raw());
        }
      }
    }
  }

  private void progress(JsonObject params, Optional<PendingCall> on) {
    var token = Announcements.progressToken(params);
    on.filter(call -> token.isPresent() && call.call().progressToken().equals(token))
        .or(() -> on.isPresent() ? Optional.empty() : calls.withToken(token))
        .ifPresent(call -> call.progress(params.raw()));
  }

  /// Takes what wants an answer, which it gets later.
  ///
  /// @param on the call on whose own stream it came
  public void request(Message.Request request, Optional<PendingCall> on) {
    if (request.id().length() > LONGEST_PEER_ID) {
      return;
    }
    if (request.method().equals("ping")) {
      reply(Envelope.result(request.id(), RawJson.EMPTY_OBJECT));
      return;
    }
    Optional<PendingCall> call =
        on.or(calls::likely)
            .or(() -> listener.bystander().isPresent() ? Optional.of(outside) : Optional.empty());
    Optional<Questions.Refusal> refusal = Questions.refusal(request, call.map(PendingCall::caller));
    if (refusal.isPresent()) {
      call.ifPresent(
          of -> Questions.needed(request).ifPresent(needed -> of.caller().lacks(needed)));
      reply(refusal.get().message(request.id()));
    } else if (!questions.ask(request, call.orElseThrow())) {
      reply(Questions.Refusal.TOO_MUCH.message(request.id()));
    }
  }

  /// A target that asks faster than it takes answers gets none for what is too much.
  private void reply(byte[] message) {
    if (!freeReplies.tryAcquire()) {
      return;
    }
    Thread.ofVirtual()
        .name("reply-" + target)
        .start(() -> {
          try {
            replies.send(message);
          } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
          } finally {
            freeReplies.release();
          }
        });
  }

  /// Nobody waits for the call any more: what it was asked for is taken back.
  public void over(PendingCall call) {
    questions.over(call);
  }
}
