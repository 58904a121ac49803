package io.reflow.gateway.target;

import io.reflow.gateway.database.Snapshot;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/// All targets as this replica knows them now, disabled ones too. Reading is free of I/O and locks.
public final class Targets {

  private final Snapshot<Index> snapshot;
  private final List<Consumer<TargetId>> listeners = new CopyOnWriteArrayList<>();
  private final List<Consumer<TargetId>> replaceListeners = new CopyOnWriteArrayList<>();
  private final ReentrantLock reloading = new ReentrantLock();

  /// Knows none until the first [#reload()].
  public Targets(Supplier<List<Target>> loader) {
    this.snapshot = new Snapshot<>(Index.of(List.of()), () -> Index.of(loader.get()));
  }

  /// In the order of [Target#ORDER].
  public List<Target> all() {
    return snapshot.current().ordered;
  }

  /// Those of them that are enabled.
  public List<Target> enabled() {
    return snapshot.current().enabled;
  }

  public Optional<Target> find(TargetId id) {
    return Optional.ofNullable(snapshot.current().byId.get(id));
  }

  public Optional<Target> findByName(String name) {
    return Optional.ofNullable(snapshot.current().byName.get(name));
  }

  /// Loads anew, then tells the listeners what has changed.
  public void reload() {
    // Held until the listeners were told: whoever finds a change loaded by another thread must not
    // go on before that one's listeners are through.
    reloading.lock();
    try {
      Index before = snapshot.current();
      snapshot.reload();
      Index now = snapshot.current();
      before.byId.values().stream()
          .filter(old -> !now.runsLike(old))
          .forEach(old -> replaceListeners.forEach(listener -> listener.accept(old.id())));
      before.byId.values().stream()
          .filter(old -> now.differsAt(old))
          .forEach(old -> listeners.forEach(listener -> listener.accept(old.id())));
      now.byId.keySet().stream()
          .filter(id -> !before.byId.containsKey(id))
          .forEach(id -> listeners.forEach(listener -> listener.accept(id)));
    } finally {
      reloading.unlock();
    }
  }

  /// `listener` hears of each target that was changed or deleted, on whatever replica, once this
  /// one knows. It must not block.
  public void onChange(Consumer<TargetId> listener) {
    listeners.add(listener);
  }

  /// `listener` hears of each target whose instances can't serve on: it was deleted, disabled, or
  /// is run or reached in another way now. It must not block.
  public void onReplace(Consumer<TargetId> listener) {
    replaceListeners.add(listener);
  }

  private record Index(
      List<Target> ordered,
      List<Target> enabled,
      Map<TargetId, Target> byId,
      Map<String, Target> byName) {

    static Index of(List<Target> targets) {
      List<Target> ordered = targets.stream().sorted(Target.ORDER).toList();
      List<Target> enabled = ordered.stream().filter(Target::enabled).toList();
      return new Index(ordered, enabled, by(ordered, Target::id), by(ordered, Target::name));
    }

    boolean differsAt(Target old) {
      Target target = byId.get(old.id());
      return target == null || target.revision() != old.revision();
    }

    boolean runsLike(Target old) {
      Target target = byId.get(old.id());
      return target != null && (target.revision() == old.revision() || target.runsLike(old));
    }

    private static <K> Map<K, Target> by(List<Target> targets, Function<Target, K> key) {
      return Map.copyOf(
          targets.stream()
              .collect(
                  Collectors.toMap(key, Function.identity(), (a, _) -> a, LinkedHashMap::new)));
    }
  }
}
