package io.reflow.gateway.upstream;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/// Looks at the calls that wait several times a second and wakes those that have waited for too
/// long. It is one virtual thread, and only while there are calls: a timer for each of them would
/// cost as much as the rest of the way through the gateway.
public final class Patience {

  private static final Duration PERIOD = Duration.ofMillis(50);

  private final Set<PendingCall> waiting = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean awake = new AtomicBoolean();

  void watch(PendingCall call) {
    waiting.add(call);
    if (!awake.get() && awake.compareAndSet(false, true)) {
      Thread.ofVirtual().name("upstream-patience").start(this::patrol);
    }
  }

  void forget(PendingCall call) {
    waiting.remove(call);
  }

  /// Stays for a while after the last call: the next one mostly comes soon.
  private void patrol() {
    try {
      do {
        int idle = 0;
        while (idle < 20) {
          idle = waiting.isEmpty() ? idle + 1 : 0;
          waiting.forEach(PendingCall::wakeIfLate);
          Thread.sleep(PERIOD);
        }
        awake.set(false);
        // A call may have come between the look and the yawn.
      } while (!waiting.isEmpty() && awake.compareAndSet(false, true));
    } catch (InterruptedException _) {
      // Nobody interrupts this thread; if somebody did, the next call wakes a new one.
      awake.set(false);
    }
  }
}
