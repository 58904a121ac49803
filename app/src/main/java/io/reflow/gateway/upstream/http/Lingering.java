package io.reflow.gateway.upstream.http;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Ends the exchanges that targets leave open after the answer. One thread looks after all of them.
public final class Lingering implements AutoCloseable {

  private static final Duration GRACE = Duration.ofSeconds(2);

  private final Map<Thread, Long> streams = new ConcurrentHashMap<>();
  private final Thread thread =
      Thread.ofVirtual().name("http-upstream-lingering").start(this::watch);

  /// Gives a thread some more time before it is interrupted.
  ///
  /// @param stream the thread that reads what comes; it ends when it is interrupted
  public void add(Thread stream) {
    streams.put(stream, System.nanoTime());
  }

  private void watch() {
    try {
      while (true) {
        Thread.sleep(GRACE.dividedBy(2));
        long latest = System.nanoTime() - GRACE.toNanos();
        streams.forEach((stream, since) -> {
          if (!stream.isAlive()) {
            streams.remove(stream);
          } else if (since - latest < 0) {
            streams.remove(stream);
            stream.interrupt();
          }
        });
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
