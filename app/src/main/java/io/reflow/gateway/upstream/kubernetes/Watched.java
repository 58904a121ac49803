package io.reflow.gateway.upstream.kubernetes;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// One instance in the cluster: what was seen of it last, who waits for news of it, and when it was
/// used. Calls only read and write what is volatile here.
final class Watched {

  private final String name;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition news = lock.newCondition();
  private final AtomicInteger held = new AtomicInteger();
  private final AtomicInteger calls = new AtomicInteger();
  private final AtomicReference<@Nullable CompletableFuture<Boolean>> waking =
      new AtomicReference<>();
  private final AtomicReference<@Nullable String> formerSecret = new AtomicReference<>();
  private volatile @Nullable Sight sight;
  private volatile long changedAt = System.nanoTime();
  private volatile long usedAt = System.nanoTime();
  private volatile long notedAt;
  private volatile boolean noted;

  Watched(String name) {
    this.name = name;
  }

  String name() {
    return name;
  }

  Optional<Sight> sight() {
    return Optional.ofNullable(sight);
  }

  void hold() {
    int _ = held.incrementAndGet();
  }

  void letGo() {
    int _ = held.decrementAndGet();
  }

  /// Whether there is nothing of it, and nobody waits for that.
  boolean forgotten() {
    return sight == null && held.get() == 0;
  }

  /// Whether the instance is the one that was made, unchanged.
  boolean is(Sight made) {
    Sight now = sight;
    return now != null && now.uid().equals(made.uid()) && now.generation() == made.generation();
  }

  /// Whether it is ready, as far as is known, and that it is used was noted lately, so that it
  /// stays.
  boolean awake(Duration lately) {
    Sight now = sight;
    return now != null && now.ready() && notedWithin(lately);
  }

  /// Whether a use was noted so lately.
  boolean notedWithin(Duration lately) {
    return noted && System.nanoTime() - notedAt < lately.toNanos();
  }

  /// What the instance had before, to be removed once it does not need it any more.
  void formerSecret(String name) {
    formerSecret.set(name);
  }

  Optional<String> formerSecret() {
    return Optional.ofNullable(formerSecret.getAndSet(null));
  }

  /// News may come late, and by several ways: what is older than what was seen counts for nothing.
  void see(Sight fresh) {
    lock.lock();
    try {
      Sight before = sight;
      if (before != null && before.version() > fresh.version()) {
        return;
      }
      if (before == null
          || !before.uid().equals(fresh.uid())
          || before.generation() != fresh.generation()) {
        changedAt = System.nanoTime();
      }
      sight = fresh;
      news.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void gone(Sight last) {
    lock.lock();
    try {
      Sight before = sight;
      if (before != null && before.uid().equals(last.uid())) {
        sight = null;
        changedAt = System.nanoTime();
        news.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /// Waits until there is something else than `known`; false when there was not.
  boolean awaitNews(@Nullable Sight known, Duration atMost) throws InterruptedException {
    long left = atMost.toNanos();
    lock.lock();
    try {
      while (Objects.equals(sight, known) && left > 0) {
        left = news.awaitNanos(left);
      }
      return !Objects.equals(sight, known);
    } finally {
      lock.unlock();
    }
  }

  /// How long it has been what it is.
  Duration unchanged() {
    return Duration.ofNanos(System.nanoTime() - changedAt);
  }

  /// The start that is under way; null where there is none, and the new one is under way then.
  @Nullable CompletableFuture<Boolean> waking(CompletableFuture<Boolean> fresh) {
    return waking.compareAndExchange(null, fresh);
  }

  void woken() {
    waking.set(null);
  }

  void begin() {
    int _ = calls.incrementAndGet();
  }

  void end() {
    usedAt = System.nanoTime();
    int _ = calls.decrementAndGet();
  }

  /// Whether a use is to be noted: there was one since the last, and that is long enough ago.
  boolean toBeNoted(Duration interval) {
    return noted
        && System.nanoTime() - notedAt >= interval.toNanos()
        && (calls.get() > 0 || usedAt - notedAt > 0);
  }

  /// @param at by the JVM's own clock
  void noted(long at) {
    notedAt = at;
    noted = true;
  }
}
