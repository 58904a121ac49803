package io.reflow.gateway.upstream.http;

import io.reflow.gateway.upstream.http.EventReader.EventTooLarge;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;

/// Passes on the events of a body as they come; asks for more only when it has read what it got.
public final class EventStream implements BodySubscriber<Boolean> {

  private final EventReader reader;
  private final Runnable tooLarge;
  private final CompletableFuture<Boolean> finished = new CompletableFuture<>();
  private volatile Flow.Subscription subscription = Unsubscribed.INSTANCE;

  /// @param tooLarge is told of an event that is larger than allowed; nothing is read after it
  public EventStream(
      int largestEvent, StreamPosition position, EventReader.Events events, Runnable tooLarge) {
    this.reader = new EventReader(largestEvent, position, events);
    this.tooLarge = tooLarge;
  }

  /// Is there when the stream has come to its end.
  @Override
  public CompletionStage<Boolean> getBody() {
    return finished;
  }

  /// The same for an exchange that does not wait for the end.
  BodySubscriber<Response> passingOn() {
    return new PassingOn(this);
  }

  private record PassingOn(EventStream stream) implements BodySubscriber<Response> {

    @Override
    public CompletionStage<Response> getBody() {
      return CompletableFuture.completedFuture(new Response.Events(stream));
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      stream.onSubscribe(given);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
      stream.onNext(buffers);
    }

    @Override
    public void onError(Throwable cause) {
      stream.onError(cause);
    }

    @Override
    public void onComplete() {
      stream.onComplete();
    }
  }

  boolean open() {
    return !finished.isDone();
  }

  /// Waits for the end; who is interrupted meanwhile ends it.
  void awaitEnd() throws InterruptedException {
    try {
      var _ = finished.get();
    } catch (ExecutionException | CancellationException _) {
      // Broken off is as good as over.
    } finally {
      end();
    }
  }

  /// Ends it from outside: nothing is passed on afterwards but what is being passed on just now.
  void end() {
    finished.completeExceptionally(new CancellationException("nobody reads on"));
    subscription.cancel();
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    subscription = given;
    if (open()) {
      given.request(1);
    } else {
      given.cancel();
    }
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    try {
      for (ByteBuffer buffer : buffers) {
        if (open()) {
          reader.read(buffer);
        }
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
