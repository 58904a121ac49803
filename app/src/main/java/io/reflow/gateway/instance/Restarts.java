package io.reflow.gateway.instance;

import io.reflow.gateway.target.TargetId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/// Fresh starts of all that runs for a target, on every replica.
public final class Restarts {

  private final InstanceStore store;
  private final List<Consumer<TargetId>> listeners = new CopyOnWriteArrayList<>();
  private final ReentrantLock reloading = new ReentrantLock();
  private Optional<Map<TargetId, Long>> known = Optional.empty();

  public Restarts(InstanceStore store) {
    this.store = store;
  }

  /// `listener` hears of each target whose instances are to end, on whatever replica that was said.
  /// It must not block.
  public void onRestart(Consumer<TargetId> listener) {
    listeners.add(listener);
  }

  /// Restarts what runs for a target: here before it returns, elsewhere soon after.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.Unavailable when the others can't be told
  public void restart(TargetId target) {
    store.restart(target);
    reload();
  }

  /// Loads anew, then tells the listeners what was restarted since the last time.
  public void reload() {
    reloading.lock();
    try {
      Map<TargetId, Long> now = store.restarts();
      Optional<Map<TargetId, Long>> before = known;
      known = Optional.of(now);
      before.ifPresent(old ->
          now.forEach((target, restarts) -> {
            if (!restarts.equals(old.get(target))) {
              listeners.forEach(listener -> listener.accept(target));
            }
          }));
    } finally {
      reloading.unlock();
    }
  }
}
