package io.reflow.gateway.mcp;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/// Makes the answers of calls in sessions event streams when they take long: a client whose
/// connection breaks then has something to come back for, and nobody between takes the connection
/// for dead. One thread looks at all calls, and only while there are any.
final class LongCalls {

  private static final Duration PERIOD = Duration.ofMillis(250);
  private static final long LONG = Duration.ofSeconds(3).toNanos();
  private static final int QUIET_LOOKS = 20;

  private final Map<SessionStream, Long> calls = new ConcurrentHashMap<>();
  private final AtomicBoolean awake = new AtomicBoolean();

  void begin(SessionStream stream) {
    calls.put(stream, System.nanoTime());
    if (!awake.get() && awake.compareAndSet(false, true)) {
      Thread.ofVirtual().name("session-long-calls").start(this::patrol);
    }
  }

  void end(SessionStream stream) {
    calls.remove(stream);
  }

  private void patrol() {
    try {
      do {
        for (int quiet = 0; quiet < QUIET_LOOKS; quiet = calls.isEmpty() ? quiet + 1 : 0) {
          Thread.sleep(PERIOD);
          calls.forEach(LongCalls::look);
        }
        awake.set(false);
        // A call may have come between the last look and the yawn.
      } while (!calls.isEmpty() && awake.compareAndSet(false, true));
    } catch (InterruptedException _) {
      awake.set(false);
    }
  }

  private static void look(SessionStream stream, long since) {
    if (System.nanoTime() - since >= LONG) {
      stream.commit();
    }
  }
}
