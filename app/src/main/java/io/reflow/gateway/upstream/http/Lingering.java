package io.reflow.gateway.upstream.http;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;

/// Ends the streams that targets leave open after the answer. One thread looks after all of them.
final class Lingering implements AutoCloseable {

  private static final Duration GRACE = Duration.ofSeconds(2);

  private final Map<Attempt, Open> streams = new ConcurrentHashMap<>();
  private final Map<Thread, Long> threads = new ConcurrentHashMap<>();
  private final Thread thread =
      Thread.ofVirtual().name("http-upstream-lingering").start(this::watch);

  private record Open(Future<?> response, long since) {}

  void add(Attempt attempt, Future<?> response) {
    streams.put(attempt, new Open(response, System.nanoTime()));
    if (response.isDone()) {
      remove(attempt);
    }
  }

  /// @param stream the thread that reads what comes; it ends when it is interrupted
  void add(Thread stream) {
    threads.put(stream, System.nanoTime());
  }

  void remove(Attempt attempt) {
    streams.remove(attempt);
  }

  private void watch() {
    try {
      while (true) {
        Thread.sleep(GRACE.dividedBy(2));
        long latest = System.nanoTime() - GRACE.toNanos();
        threads.forEach((stream, since) -> {
          if (!stream.isAlive()) {
            threads.remove(stream);
          } else if (since - latest < 0) {
            threads.remove(stream);
            stream.interrupt();
          }
        });
        streams.forEach((attempt, open) -> {
          if (open.since() - latest < 0) {
            remove(attempt);
            boolean _ = open.response().cancel(true);
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
