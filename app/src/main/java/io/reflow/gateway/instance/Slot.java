package io.reflow.gateway.instance;

import io.reflow.gateway.fault.GatewayException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// What one key and recipe have: an instance, one that is starting, or a failure and the time of
/// the next try. The lock guards the change from one to another; nothing is started or ended under
/// it.
final class Slot<T extends Instance> {

  private static final Duration FIRST_BACKOFF = Duration.ofMillis(100);

  /// An instance that lived for so long did not crash at its start.
  private static final Duration STABLE = Duration.ofSeconds(10);

  private final Place place;
  private final LastLines lines;
  private final Duration longestBackoff;
  private final InstanceEvents events;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile @Nullable Running<T> running;
  private volatile @Nullable Starter<T> starter;
  private @Nullable Start<T> start;
  private @Nullable Setback setback;
  private boolean removed;
  private boolean replaced;

  /// Whether the next start takes the place of what crashed or did not start.
  private boolean broken;

  /// @param events hears of crashes
  Slot(Place place, LastLines lines, Duration longestBackoff, InstanceEvents events) {
    this.events = events;
    this.place = place;
    this.lines = lines;
    this.longestBackoff = longestBackoff;
  }

  /// What names an instance: who shares it, and what it is made from.
  record Place(InstanceKey key, Object recipe) {}

  /// A start under way and the thread that does it. The outcome is empty when the slot was given up
  /// meanwhile for an instance that is to take its place.
  record Start<T extends Instance>(
      CompletableFuture<Optional<Running<T>>> outcome, Thread thread, long since) {

    Duration age() {
      return Duration.ofNanos(System.nanoTime() - since);
    }
  }

  /// The failures so far, and when the next start may be tried.
  private record Setback(int failures, GatewayException failure, long until) {

    boolean holds() {
      return until - System.nanoTime() > 0;
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

  Place place() {
    return place;
  }

  InstanceKey key() {
    return place.key();
  }

  LastLines lines() {
    return lines;
  }

  @Nullable Running<T> running() {
    return running;
  }

  /// Finds the instance, or joins or arranges its start; `thread` is made for a start of one's own.
  Found<T> find(Starter<T> newest, Thread thread) {
    lock.lock();
    try {
      if (removed) {
        return new Found.Gone<>();
      }
      starter = newest;
      Running<T> current = running;
      if (current != null && current.serves()) {
        return new Found.Ready<>(current);
      }
      if (start != null) {
        return new Found.Starting<>(start, false, Optional.empty());
      }
      Optional<Running<T>> toEnd = current == null ? Optional.empty() : letGo(current);
      if (setback != null && setback.holds()) {
        return new Found.TooEarly<>(setback.failure(), toEnd);
      }
      start = new Start<>(new CompletableFuture<>(), thread, System.nanoTime());
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
      return current.retire() ? Optional.of(current) : Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  private void noteDeath(Running<T> current) {
    if (current.instance().alive() || current.retired()) {
      return;
    }
    broken = true;
    events.crash(current.target());
    if (current.age().compareTo(STABLE) >= 0) {
      setback = null;
      return;
    }
    setBack(
        new GatewayException.UpstreamFailed(
            current.target(),
            "ended soon after its start" + lastWords().map(": "::concat).orElse("")));
  }

  /// Not for the callers of an instance that several share: the line may be about another one's
  /// call.
  private Optional<String> lastWords() {
    return key().sharing() instanceof InstanceKey.Sharing.User ? lines.last() : Optional.empty();
  }

  private void setBack(GatewayException failure) {
    int failures = setback == null ? 1 : setback.failures() + 1;
    long pause =
        Math.min(longestBackoff.toNanos(), FIRST_BACKOFF.toNanos() << Math.min(failures - 1, 20));
    setback = new Setback(failures, failure, System.nanoTime() + pause);
  }

  /// Puts a started instance into use; false when the slot is given up meanwhile.
  boolean started(Running<T> fresh) {
    @Nullable Start<T> over;
    boolean kept;
    boolean elsewhere;
    lock.lock();
    try {
      over = start;
      start = null;
      kept = !removed;
      elsewhere = replaced;
      if (kept) {
        running = fresh;
      }
    } finally {
      lock.unlock();
    }
    if (over != null && (kept || elsewhere)) {
      boolean _ = over.outcome().complete(kept ? Optional.of(fresh) : Optional.empty());
    } else if (over != null) {
      boolean _ = over.outcome().completeExceptionally(stopped(fresh.target()));
    }
    return kept;
  }

  static GatewayException stopped(String target) {
    return new GatewayException.UpstreamFailed(target, "was stopped while it started");
  }

  /// Tells all who wait that the start has failed. `counts` makes the next one wait.
  void failed(GatewayException failure, boolean counts) {
    @Nullable Start<T> over;
    lock.lock();
    try {
      over = start;
      start = null;
      if (counts) {
        broken = true;
        setBack(failure);
      }
    } finally {
      lock.unlock();
    }
    if (over != null) {
      boolean _ = over.outcome().completeExceptionally(failure);
    }
  }

  /// Whether the start that begins takes the place of what crashed or did not start; asked once.
  boolean again() {
    lock.lock();
    try {
      boolean again = broken;
      broken = false;
      return again;
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
      return Optional.of(current);
    } finally {
      lock.unlock();
    }
  }

  /// Whether its instance is no longer what callers would get now.
  boolean outdated() {
    Starter<T> newest = starter;
    try {
      return newest != null && !newest.renewed().recipe().equals(place.recipe());
    } catch (GatewayException _) {
      return true;
    }
  }

  /// Gives the slot up for good: whoever comes next gets a new one.
  ///
  /// @param forAnother whoever waits for a start here is to look for the instance that takes its
  ///   place; else they are told that there is none
  Optional<Running<T>> remove(boolean forAnother) {
    lock.lock();
    try {
      removed = true;
      replaced = forAnother;
      if (start != null) {
        if (forAnother) {
          // Before it can fail for the interrupt.
          boolean _ = start.outcome().complete(Optional.empty());
        }
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
        return Optional.of(status(InstanceStatus.State.STARTING, start.age(), failures));
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
        key(),
        state,
        OptionalLong.empty(),
        Optional.empty(),
        age,
        Duration.ZERO,
        0,
        failures,
        Optional.ofNullable(setback).map(Setback::failure).map(GatewayException::reason),
        lines.toList());
  }
}
