package io.reflow.gateway.upstream.http;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Ends the exchanges that targets leave open after the answer. One thread looks after all of them.
public final class Lingering implements AutoCloseable {

  private static final Duration GRACE = Duration.ofSeconds(2);

  private final Map<Open, Long> open = new ConcurrentHashMap<>();
  private final Thread thread =
      Thread.ofVirtual().name("http-upstream-lingering").start(this::watch);

  /// An exchange that was left open.
  public interface Open {

    boolean open();

    /// Idempotent; does not block.
    void end();
  }

  /// Gives an exchange some more time before it is ended.
  public void add(Open exchange) {
    open.put(exchange, System.nanoTime());
  }

  private void watch() {
    try {
      while (true) {
        Thread.sleep(GRACE.dividedBy(2));
        long latest = System.nanoTime() - GRACE.toNanos();
        open.forEach((exchange, since) -> {
          if (!exchange.open()) {
            open.remove(exchange);
          } else if (since - latest < 0) {
            open.remove(exchange);
            exchange.end();
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
