package io.reflow.gateway.upstream.stdio;

import io.reflow.gateway.protocol.ErrorCode;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Announcements;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.Envelope;
import io.reflow.gateway.upstream.PendingCall;
import io.reflow.gateway.upstream.UpstreamCall;
import io.reflow.gateway.upstream.era.Discovery;
import io.reflow.gateway.upstream.era.StatelessError;
import io.reflow.gateway.upstream.era.Verdict;
import io.reflow.gateway.upstream.stateless.Channel;
import io.reflow.gateway.upstream.stateless.Context;
import io.reflow.gateway.upstream.stateless.Subscriber;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;

/// Requests to a stateless process: all share one pipe, so that notifications say by ids which of
/// them they belong to. It is never sent an answer, since it must not ask.
final class StatelessPipe implements Channel, Pipe.Peer {

  private static final String SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId";

  /// What a response is over HTTP where nothing is wrong.
  private static final int FINE = 200;

  private final Pipe pipe;
  private final Context context;
  private final Map<Long, Subscriber> subscribers = new ConcurrentHashMap<>();

  StatelessPipe(Pipe pipe, Context context) {
    this.pipe = pipe;
    this.context = context;
  }

  @Override
  public Answer exchange(UpstreamCall call, byte[] said, Caller caller)
      throws InterruptedException {
    Answer answer = pipe.exchange(call, id -> request(id, call, said), caller);
    return switch (answer) {
      case Answer.Result(var result, _) -> new Answer.Result(result, true);
      case Answer.Failure failure -> failure;
    };
  }

  private static byte[] request(long id, UpstreamCall call, byte[] said) {
    return Envelope.request(id, call.method(), call.params(), call.index().meta(), said);
  }

  @Override
  public Verdict discover(Duration timeout) throws InterruptedException {
    var call =
        new UpstreamCall(
            Discovery.METHOD, RawJson.EMPTY_OBJECT, OptionalLong.empty(), timeout, timeout);
    return new Discovery(pipe.target())
        .run(capabilities ->
            new Discovery.Heard.Said(
                exchange(call, context.declaring(capabilities), Caller.SILENT), FINE));
  }

  @Override
  public Subscription listen(RawJson params, byte[] said, Subscriber subscriber) {
    long id = pipe.nextId();
    subscribers.put(id, subscriber);
    pipe.sendNow(Envelope.request(id, "subscriptions/listen", params, Optional.empty(), said));
    if (!pipe.alive()) {
      end(id, Subscriber.End.OVER);
    }
    return () -> {
      if (subscribers.remove(id) != null) {
        pipe.sendNow(Envelope.cancelled(id, "nobody listens any more"));
      }
    };
  }

  private void end(long id, Subscriber.End why) {
    Subscriber subscriber = subscribers.remove(id);
    if (subscriber != null) {
      subscriber.ended(why);
    }
  }

  @Override
  public void notification(Message.Notification notification) {
    JsonObject params = notification.params();
    switch (notification.method()) {
      case "notifications/progress" ->
          pipe.calls()
              .withToken(Announcements.progressToken(params))
              .ifPresent(call -> call.progress(params.raw()));
      case "notifications/message" -> pipe.calls().only().ifPresent(call -> call.log(params.raw()));
      case "notifications/cancelled" -> {
        OptionalLong id = number(params.value("requestId"));
        if (id.isPresent()) {
          end(id.getAsLong(), Subscriber.End.OVER);
        }
      }
      default -> {
        OptionalLong id = number(params.object("_meta").value(SUBSCRIPTION_ID));
        Subscriber subscriber = id.isPresent() ? subscribers.get(id.getAsLong()) : null;
        if (subscriber != null) {
          subscriber.notification(notification);
        }
      }
    }
  }

  private static OptionalLong number(Optional<RawJson> value) {
    return value.map(Announcements::integer).orElse(OptionalLong.empty());
  }

  @Override
  public void request(Message.Request request) {}

  @Override
  public void answered(long id, Answer answer) {
    boolean unknown = StatelessError.is(answer, ErrorCode.METHOD_NOT_FOUND.value());
    end(id, unknown ? Subscriber.End.UNSUPPORTED : Subscriber.End.OVER);
  }

  @Override
  public void over(PendingCall call) {}

  @Override
  public void ended() {
    subscribers.keySet().forEach(id -> end(id, Subscriber.End.OVER));
  }

  /// What a process is, it stays.
  @Override
  public boolean doubtful() {
    return false;
  }

  @Override
  public boolean alive() {
    return pipe.alive();
  }

  @Override
  public OptionalLong pid() {
    return OptionalLong.of(pipe.pid());
  }

  @Override
  public void close() {
    pipe.close();
  }
}
