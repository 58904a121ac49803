package io.reflow.gateway.upstream.http;

import io.reflow.gateway.protocol.ErrorCode;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.era.StatelessError;
import io.reflow.gateway.upstream.stateless.Subscriber;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

/// What comes back of one `subscriptions/listen`: a stream of events for the subscriber, or an
/// answer from which it follows that there is none to be had.
final class Listening implements StatelessResponse.Receiver {

  /// Whoever does not know the method may say so in one of these ways.
  private static final Set<Integer> UNKNOWN = Set.of(400, 404, 405);

  private final Subscriber subscriber;
  private final StatelessResponse response;
  private final AtomicBoolean over = new AtomicBoolean();

  Listening(long id, int largestMessage, Subscriber subscriber) {
    this.subscriber = subscriber;
    this.response = new StatelessResponse(id, largestMessage, this);
  }

  StatelessResponse response() {
    return response;
  }

  /// Nobody is to hear of it any more.
  void leave() {
    over.set(true);
  }

  /// The exchange has come to its end.
  void over() {
    end(Subscriber.End.OVER);
  }

  private void end(Subscriber.End why) {
    if (!over.getAndSet(true)) {
      subscriber.ended(why);
    }
  }

  @Override
  public void heard() {}

  @Override
  public void notification(Message.Notification notification) {
    if (response.stream()) {
      subscriber.notification(notification);
    } else {
      end(Subscriber.End.UNSUPPORTED);
    }
  }

  @Override
  public void answer(Answer answer) {
    boolean unknown = StatelessError.is(answer, ErrorCode.METHOD_NOT_FOUND.value());
    boolean noStream = answer instanceof Answer.Result && !response.stream();
    end(unknown || noStream ? Subscriber.End.UNSUPPORTED : Subscriber.End.OVER);
  }

  /// Whoever answers with something else than a stream of events can't do it; credentials and the
  /// target's own trouble are another matter.
  @Override
  public void fail(String what) {
    boolean here = response.status() / 100 == 2 || UNKNOWN.contains(response.status());
    end(here && !response.stream() ? Subscriber.End.UNSUPPORTED : Subscriber.End.OVER);
  }

  @Override
  public boolean settled() {
    return over.get();
  }
}
