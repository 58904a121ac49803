package io.reflow.gateway.instance;

import io.reflow.gateway.fault.GatewayException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// What one key has: an instance, one that is starting, or a failure and the time of the next try.
/// The lock guards the change from one to another; nothing is started or ended under it.
final class Slot<T extends Instance> {

  private static final Duration FIRST_BACKOFF = Duration.ofMillis(100);

  /// An instance that lived for so long did not crash at its start.
  private static final Duration STABLE = Duration.ofSeconds(10);

  private final InstanceKey key;
  private final LastLines lines;
  private final Duration longestBackoff;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile @Nullable Running<T> running;
  private @Nullable Running<T> leaving;
  private @Nullable Start<T> start;
  private @Nullable Setback setback;
  private boolean removed;

  Slot(InstanceKey key, LastLines lines, Duration longestBackoff) {
    this.key = key;
    this.lines = lines;
    this.longestBackoff = longestBackoff;
  }

  /// A start under way and the thread that does it.
  record Start<T extends Instance>(
      Object recipe, CompletableFuture<Running<T>> outcome, Thread thread, long since) {}

  /// The failures so far, and when the next start may be tried.
  private record Setback(Object recipe, int failures, GatewayException failure, long until) {

    boolean holds(Object wanted) {
      return recipe.equals(wanted) && until - System.nanoTime() > 0;
    }
  }

  /// What a caller finds, or causes.
  sealed interface Found<T extends Instance> {
    /// `toEnd` is to be ended by whoever got this.
    record Starting<T extends Instance>(Start<T> start, boolean mine, Optional<Running<T>> toEnd)
        implements Found<T> {}

    /// The last start failed, or did not last, and it is too early for the next.
    record TooEarly<T extends Instance>(GatewayException failure, Optional<Running<T>> toEnd)
        implements Found<T> {}

    record Ready<T extends Instance>(Running<T> running) implements Found<T> {}

    record Gone<T extends Instance>() implements Found<T> {}
  }

  InstanceKey key() {
    return key;
  }

  LastLines lines() {
    return lines;
  }

  @Nullable Running<T> running() {
    return running;
  }

  /// Finds the instance, or joins or arranges its start; `thread` is made for a start of one's own.
  Found<T> find(Starter<T> starter, Thread thread) {
    lock.lock();
    try {
      if (removed) {
        return new Found.Gone<>();
      }
      Running<T> current = running;
      if (current != null && current.serves(starter.recipe())) {
        return new Found.Ready<>(current);
      }
      if (start != null) {
        return new Found.Starting<>(start, false, Optional.empty());
      }
      Optional<Running<T>> toEnd = current == null ? Optional.empty() : letGo(current);
      if (setback != null && setback.holds(starter.recipe())) {
        return new Found.TooEarly<>(setback.failure(), toEnd);
      }
      if (setback != null && !setback.recipe().equals(starter.recipe())) {
        setback = null;
      }
      start = new Start<>(starter.recipe(), new CompletableFuture<>(), thread, System.nanoTime());
      return new Found.Starting<>(start, true, toEnd);
    } finally {
      lock.unlock();
    }
  }

  /// Takes `current` out of use; present for the one who has to end it.
  Optional<Running<T>> letGo(Running<T> current) {
    lock.lock();
    try {
      if (running != current) {
        return Optional.empty();
      }
      running = null;
      noteDeath(current);
      leaving = current;
      return current.retire() ? Optional.of(current) : Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  private void noteDeath(Running<T> current) {
    if (current.instance().alive() || current.retired()) {
      return;
    }
    if (current.age().compareTo(STABLE) >= 0) {
      setback = null;
      return;
    }
    setBack(
        current.recipe(),
        new GatewayException.UpstreamFailed(
            current.target(),
            "ended soon after its start" + lastWords().map(": "::concat).orElse("")));
  }

  /// Not for the callers of an instance that several share: the line may be about another one's
  /// call.
  private Optional<String> lastWords() {
    return key.sharing() instanceof InstanceKey.Sharing.User ? lines.last() : Optional.empty();
  }

  private void setBack(Object recipe, GatewayException failure) {
    int failures = setback == null ? 1 : setback.failures() + 1;
    long pause =
        Math.min(longestBackoff.toNanos(), FIRST_BACKOFF.toNanos() << Math.min(failures - 1, 20));
    setback = new Setback(recipe, failures, failure, System.nanoTime() + pause);
  }

  /// Puts a started instance into use; false when the slot is given up meanwhile.
  boolean started(Running<T> fresh) {
    @Nullable Start<T> over;
    boolean kept;
    lock.lock();
    try {
      over = start;
      start = null;
      kept = !removed;
      if (kept) {
        running = fresh;
      }
    } finally {
      lock.unlock();
    }
    if (over != null) {
      boolean _ = over.outcome().complete(fresh);
    }
    return kept;
  }

  /// Tells all who wait that the start has failed. `counts` makes the next one wait.
  void failed(Object recipe, GatewayException failure, boolean counts) {
    @Nullable Start<T> over;
    lock.lock();
    try {
      over = start;
      start = null;
      if (counts) {
        setBack(recipe, failure);
      }
    } finally {
      lock.unlock();
    }
    if (over != null) {
      boolean _ = over.outcome().completeExceptionally(failure);
    }
  }

  /// The instance that was used before, if it is still ending.
  Optional<Running<T>> leaving() {
    lock.lock();
    try {
      return Optional.ofNullable(leaving);
    } finally {
      lock.unlock();
    }
  }

  /// Takes the instance out of use if nobody uses it.
  Optional<Running<T>> letGoUnused() {
    lock.lock();
    try {
      Running<T> current = running;
      if (current == null || !current.retireUnused()) {
        return Optional.empty();
      }
      running = null;
      leaving = current;
      return Optional.of(current);
    } finally {
      lock.unlock();
    }
  }

  /// Gives the slot up for good: whoever comes next gets a new one.
  Optional<Running<T>> remove() {
    lock.lock();
    try {
      removed = true;
      if (start != null) {
        start.thread().interrupt();
      }
      Running<T> current = running;
      running = null;
      return current != null && current.retire() ? Optional.of(current) : Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  /// Gives the slot up if nothing is in it but, at most, a failure from long ago.
  boolean removeIfEmpty(Duration memory) {
    lock.lock();
    try {
      boolean recent = setback != null && System.nanoTime() - setback.until() < memory.toNanos();
      if (running != null || start != null || recent) {
        return false;
      }
      removed = true;
      return true;
    } finally {
      lock.unlock();
    }
  }

  Optional<InstanceStatus> status() {
    lock.lock();
    try {
      int failures = setback == null ? 0 : setback.failures();
      Running<T> current = running;
      if (current != null) {
        return Optional.of(current.status(failures));
      }
      if (start != null) {
        return Optional.of(
            status(
                InstanceStatus.State.STARTING,
                Duration.ofNanos(System.nanoTime() - start.since()),
                failures));
      }
      return setback == null
          ? Optional.empty()
          : Optional.of(
              status(
                  failures > 1 ? InstanceStatus.State.CRASH_LOOP : InstanceStatus.State.FAILED,
                  Duration.ZERO,
                  failures));
    } finally {
      lock.unlock();
    }
  }

  private InstanceStatus status(InstanceStatus.State state, Duration age, int failures) {
    return new InstanceStatus(
        key,
        state,
        OptionalLong.empty(),
        age,
        Duration.ZERO,
        0,
        failures,
        Optional.ofNullable(setback).map(Setback::failure).map(GatewayException::reason),
        lines.toList());
  }
}
