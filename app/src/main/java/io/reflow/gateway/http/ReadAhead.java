package io.reflow.gateway.http;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The next bytes of a client, read by a thread of its own while a request is being answered:
/// almost always the client sends none then, and what arrives is the news that it has left.
final class ReadAhead {

  private final CompletableFuture<Optional<byte[]>> bytes = new CompletableFuture<>();

  /// `source` gives null where the client has left, and does not throw.
  ReadAhead(Supplier<byte @Nullable []> source) {
    Thread.ofVirtual()
        .name("http-peer-watch")
        .start(() -> bytes.complete(Optional.ofNullable(source.get())));
  }

  /// Runs `gone` when the client has left: on the reading thread, or at once if it has already.
  void whenGone(Runnable gone) {
    var _ =
        bytes.thenAccept(read -> {
          if (read.isEmpty()) {
            gone.run();
          }
        });
  }

  /// The bytes, or null where the client has left or this thread is to stop.
  byte @Nullable [] take() {
    try {
      return bytes.get().orElse(null);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return null;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }
}
