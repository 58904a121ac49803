package io.reflow.gateway.mcp;

import io.reflow.gateway.protocol.RawJson;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Lets through so many messages of a kind each second; of what comes too fast the last one is kept
/// and follows as soon as there is room again.
final class Pace {

  private static final int BURST = 20;
  private static final long INTERVAL = Duration.ofSeconds(1).toNanos() / BURST;

  private final Consumer<RawJson> sink;
  private final ReentrantLock lock = new ReentrantLock();
  private long roomFrom = System.nanoTime() - BURST * INTERVAL;
  private @Nullable RawJson kept;

  Pace(Consumer<RawJson> sink) {
    this.sink = sink;
  }

  void offer(RawJson message) {
    lock.lock();
    try {
      if (kept == null && room()) {
        sink.accept(message);
        return;
      }
      boolean first = kept == null;
      kept = message;
      if (first) {
        Thread.ofVirtual().name("client-pace").start(this::later);
      }
    } finally {
      lock.unlock();
    }
  }

  /// Takes the room for one message, if there is any.
  private boolean room() {
    long now = System.nanoTime();
    roomFrom = Math.max(roomFrom, now - BURST * INTERVAL);
    if (roomFrom > now) {
      return false;
    }
    roomFrom += INTERVAL;
    return true;
  }

  private void later() {
    try {
      Thread.sleep(Duration.ofNanos(INTERVAL));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    flush();
  }

  /// Sends what was kept, for when nothing may follow later.
  void flush() {
    lock.lock();
    try {
      RawJson last = kept;
      kept = null;
      if (last != null) {
        boolean _ = room();
        sink.accept(last);
      }
    } finally {
      lock.unlock();
    }
  }
}
