package io.reflow.gateway.upstream.http;

import io.reflow.gateway.protocol.RawJson;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.function.Function;

/// Gathers a body that must not be larger than allowed.
final class Collector implements BodySubscriber<Response> {

  private static final int FIRST_SIZE = 4096;
  private static final int LARGEST_FIRST = 1 << 20;

  private final int largest;
  private final Runnable heard;
  private final Function<RawJson, Response> whole;
  private final Response tooLarge;
  private final CompletableFuture<Response> finished = new CompletableFuture<>();
  private Flow.Subscription subscription = Unsubscribed.INSTANCE;
  private byte[] bytes;
  private int length;

  /// @param expected the announced length, or less than nothing
  /// @param whole says what a whole body is
  /// @param heard is told of each part, by the client's threads
  Collector(
      int largest,
      long expected,
      Runnable heard,
      Function<RawJson, Response> whole,
      Response tooLarge) {
    this.largest = largest;
    this.heard = heard;
    this.whole = whole;
    this.tooLarge = tooLarge;
    long first = expected > 0 ? Math.min(expected, LARGEST_FIRST) : FIRST_SIZE;
    this.bytes = new byte[(int) Math.min(first, largest)];
  }

  @Override
  public CompletionStage<Response> getBody() {
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
        finished.complete(tooLarge);
        return;
      }
      if (length + size > bytes.length) {
        bytes = Arrays.copyOf(bytes, (int) Math.min(largest, 2L * (length + size)));
      }
      buffer.get(bytes, length, size);
      length += size;
    }
    heard.run();
  }

  @Override
  public void onError(Throwable cause) {
    finished.completeExceptionally(cause);
  }

  @Override
  public void onComplete() {
    finished.complete(whole.apply(new RawJson(bytes, 0, length)));
  }
}
