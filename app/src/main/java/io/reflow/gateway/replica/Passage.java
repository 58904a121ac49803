package io.reflow.gateway.replica;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpResponse;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One request on its way to another replica and its answer on the way back. Whoever wants it to
/// end can break it off at any time: the other replica then sees a client that has left.
public final class Passage implements AutoCloseable {

  private final CompletableFuture<HttpResponse<InputStream>> answer = new CompletableFuture<>();
  private final Consumer<Passage> over;
  private volatile boolean broken;

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
      throw new IOException("broken off", e);
    } catch (ExecutionException e) {
      throw failure(e);
    }
  }

  private static IOException failure(ExecutionException failed) {
    return switch (failed.getCause()) {
      case ConnectException e -> new Unreached(e);
      case HttpConnectTimeoutException e -> new Unreached(e);
      case null, default -> new IOException("the other replica did not answer", failed);
    };
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
