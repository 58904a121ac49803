package io.reflow.gateway.upstream.http;

import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/// Gathers a body that must not be larger than allowed.
final class Collector implements BodySubscriber<Boolean> {

  private static final int FIRST_SIZE = 4096;
  private static final int LARGEST_FIRST = 1 << 20;

  private final int largest;
  private final Receiver receiver;
  private final CompletableFuture<Boolean> finished = new CompletableFuture<>();
  private Flow.Subscription subscription = Unsubscribed.INSTANCE;
  private byte[] bytes;
  private int length;

  /// @param expected the announced length, or less than nothing
  Collector(int largest, long expected, Receiver receiver) {
    this.largest = largest;
    this.receiver = receiver;
    long first = expected > 0 ? Math.min(expected, LARGEST_FIRST) : FIRST_SIZE;
    this.bytes = new byte[(int) Math.min(first, largest)];
  }

  /// Gets the body, or is told that there is too much of it.
  interface Receiver {

    void part();

    void whole(byte[] bytes, int length);

    void tooLarge();
  }

  @Override
  public CompletionStage<Boolean> getBody() {
    return finished;
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    subscription = given;
    given.request(Long.MAX_VALUE);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    for (ByteBuffer buffer : buffers) {
      int size = buffer.remaining();
      if (finished.isDone()) {
        return;
      }
      if ((long) length + size > largest) {
        subscription.cancel();
        receiver.tooLarge();
        finished.complete(false);
        return;
      }
      if (length + size > bytes.length) {
        bytes = Arrays.copyOf(bytes, (int) Math.min(largest, 2L * (length + size)));
      }
      buffer.get(bytes, length, size);
      length += size;
    }
    receiver.part();
  }

  @Override
  public void onError(Throwable cause) {
    finished.completeExceptionally(cause);
  }

  @Override
  public void onComplete() {
    if (!finished.isDone()) {
      receiver.whole(bytes, length);
      finished.complete(true);
    }
  }
}
