package io.reflow.gateway.upstream.http;

import io.reflow.gateway.upstream.http.EventReader.EventTooLarge;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/// Passes on the events of a body as they come; asks for more only when it has read what it got.
public final class EventStream implements BodySubscriber<Boolean> {

  private final EventReader reader;
  private final Runnable tooLarge;
  private final CompletableFuture<Boolean> finished = new CompletableFuture<>();
  private Flow.Subscription subscription = Unsubscribed.INSTANCE;

  /// @param tooLarge is told of an event that is larger than allowed; nothing is read after it
  public EventStream(
      int largestEvent, StreamPosition position, EventReader.Events events, Runnable tooLarge) {
    this.reader = new EventReader(largestEvent, position, events);
    this.tooLarge = tooLarge;
  }

  @Override
  public CompletionStage<Boolean> getBody() {
    return finished;
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    subscription = given;
    given.request(1);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    try {
      for (ByteBuffer buffer : buffers) {
        reader.read(buffer);
      }
      subscription.request(1);
    } catch (EventTooLarge _) {
      subscription.cancel();
      tooLarge.run();
      finished.complete(false);
    }
  }

  @Override
  public void onError(Throwable cause) {
    finished.completeExceptionally(cause);
  }

  @Override
  public void onComplete() {
    finished.complete(true);
  }
}
