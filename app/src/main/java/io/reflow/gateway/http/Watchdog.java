package io.reflow.gateway.http;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks at all connections of a listener several times a second and ends those whose client takes
/// too long.
///
/// It is one virtual thread, and only while there are connections; they pay one volatile write when
/// they begin to wait for their client and one when they end.
final class Watchdog {

  private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);
  private static final long LONGEST_PERIOD_MS = 250;

  /// Where connections get scarce, one is idle after so long.
  private static final long SCARCE_IDLE_MS = 1000;

  private final Set<WatchedConnection> connections = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean awake = new AtomicBoolean();
  private final long start = System.nanoTime();
  private final Duration period;
  private final int scarceFrom;
  private final long idle;

  /// @param most connections that there can be
  Watchdog(Deadlines deadlines, int most) {
    this.scarceFrom = most - most / 4;
    this.idle = deadlines.idle();
    long shortest = Math.min(deadlines.headers(), Math.min(deadlines.body(), deadlines.idle()));
    this.period = Duration.ofMillis(Math.clamp(shortest / 8, 5, LONGEST_PERIOD_MS));
  }

  /// Milliseconds on the watchdog's own clock.
  long now() {
    return (System.nanoTime() - start) / 1_000_000;
  }

  void watch(WatchedConnection connection) {
    connections.add(connection);
    if (awake.compareAndSet(false, true)) {
      Thread.ofVirtual().name("http-watchdog").start(this::patrol);
    }
  }

  void forget(WatchedConnection connection) {
    connections.remove(connection);
  }

  int watched() {
    return connections.size();
  }

  private void patrol() {
    do {
      while (!connections.isEmpty()) {
        look();
        if (!slept()) {
          return;
        }
      }
      awake.set(false);
      // A connection may have come between the look and the yawn.
    } while (!connections.isEmpty() && awake.compareAndSet(false, true));
  }

  private void look() {
    long now = now();
    boolean scarce = connections.size() >= scarceFrom;
    long idleLate = scarce ? now + Math.max(0, idle - SCARCE_IDLE_MS) : now;
    try {
      connections.forEach(connection -> connection.endIfLate(now, idleLate));
    } catch (RuntimeException e) {
      LOG.atError().setCause(e).log("A connection could not be ended");
    }
  }

  private boolean slept() {
    try {
      Thread.sleep(period);
      return true;
    } catch (InterruptedException _) {
      // Nobody interrupts this thread; if somebody did, the next connection wakes a new one.
      awake.set(false);
      return false;
    }
  }
}
