package io.reflow.gateway.replica;

import io.reflow.gateway.http.WholeBody;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One request on its way to another replica and its answer on the way back. Whoever wants it to
/// end can break it off at any time: the other replica then sees a client that has left.
public final class Passage implements AutoCloseable {

  private static final Flow.Subscription NOTHING =
      new Flow.Subscription() {
        @Override
        public void request(long items) {}

        @Override
        public void cancel() {}
      };

  private final CompletableFuture<HttpResponse<InputStream>> answer = new CompletableFuture<>();
  private final Consumer<Passage> over;
  private final AtomicReference<Way> way = new AtomicReference<>(Way.BEFORE);
  private volatile boolean broken;

  /// How far the body came. One that was stopped before it left has reached nobody, and never will.
  private enum Way {
    BEFORE,
    LEFT,
    STOPPED
  }

  Passage(Consumer<Passage> over) {
    this.over = over;
  }

  /// A thread of its own waits for the answer: it alone is interrupted when nobody wants it.
  void start(Consumer<CompletableFuture<HttpResponse<InputStream>>> exchange) {
    Thread thread = Thread.ofVirtual().name("replica-forward").start(() -> exchange.accept(answer));
    var _ =
        answer.whenComplete((_, _) -> {
          if (answer.isCancelled()) {
            thread.interrupt();
          }
        });
  }

  /// The body of the request, which leaves unless the passage was broken off before. One without a
  /// body asks for what does no harm when it is asked for twice: it counts as not having left.
  BodyPublisher body(byte[] bytes) {
    return bytes.length == 0 ? BodyPublishers.noBody() : new Body(bytes);
  }

  private boolean leave() {
    return way.compareAndSet(Way.BEFORE, Way.LEFT) || way.get() == Way.LEFT;
  }

  private final class Body implements BodyPublisher {

    private final BodyPublisher bytes;

    Body(byte[] bytes) {
      this.bytes = new WholeBody(bytes);
    }

    @Override
    public long contentLength() {
      return bytes.contentLength();
    }

    @Override
    public void subscribe(Flow.Subscriber<? super ByteBuffer> subscriber) {
      if (leave()) {
        bytes.subscribe(subscriber);
      } else {
        subscriber.onSubscribe(NOTHING);
        subscriber.onError(new IOException("broken off before it left"));
      }
    }
  }

  /// The other replica could not be reached: it has seen nothing of the request.
  public static final class Unreached extends IOException {
    private static final long serialVersionUID = 1;

    Unreached(IOException cause) {
      super(cause);
    }
  }

  /// Waits for status and headers.
  ///
  /// @throws Unreached when the request never got there
  /// @throws IOException when the other replica went away while it was at work, or the passage was
  ///   broken off
  public HttpResponse<InputStream> answer() throws IOException, InterruptedException {
    try {
      return answer.get();
    } catch (CancellationException e) {
      throw failure(new IOException("broken off", e));
    } catch (ExecutionException e) {
      throw failure(new IOException("the other replica did not answer", e));
    }
  }

  private IOException failure(IOException failed) {
    return way.get() == Way.LEFT ? failed : new Unreached(failed);
  }

  /// Copies what comes until it ends.
  ///
  /// @throws IOException when it breaks off before its end, or `sink` does
  public void drain(InputStream body, Sink sink) throws IOException {
    byte[] buffer = new byte[8192];
    for (int read = body.read(buffer); read >= 0; read = body.read(buffer)) {
      sink.take(buffer, read);
    }
    if (broken) {
      throw new IOException("broken off");
    }
  }

  /// Where an answer goes.
  @FunctionalInterface
  public interface Sink {
    void take(byte[] bytes, int length) throws IOException;
  }

  /// Ends it now; whoever waits for something of it waits no longer.
  public void breakOff() {
    broken = true;
    way.compareAndSet(Way.BEFORE, Way.STOPPED);
    if (!answer.cancel(true)) {
      closeBody();
    }
  }

  private void closeBody() {
    @Nullable HttpResponse<InputStream> arrived =
        answer.isCompletedExceptionally() ? null : answer.getNow(null);
    if (arrived == null) {
      return;
    }
    try {
      arrived.body().close();
    } catch (IOException _) {
      // It is over either way.
    }
  }

  @Override
  public void close() {
    over.accept(this);
    breakOff();
  }
}
