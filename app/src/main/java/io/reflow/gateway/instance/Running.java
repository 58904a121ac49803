package io.reflow.gateway.instance;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// A started instance and the count of its uses. Once retired it can't be used anew, and is closed
/// when its last use has ended.
final class Running<T extends Instance> {

  /// Added to the count of uses to make it negative: retired.
  private static final int RETIRED = Integer.MIN_VALUE;

  private final InstanceKey key;
  private final T instance;
  private final String target;
  private final LastLines lines;
  private final long startedAt = System.nanoTime();
  private final AtomicInteger uses = new AtomicInteger();
  private final CountDownLatch drained = new CountDownLatch(1);
  private final CountDownLatch gone = new CountDownLatch(1);
  private volatile long usedAt = startedAt;

  Running(InstanceKey key, Starter<T> starter, T instance, LastLines lines) {
    this.key = key;
    this.target = starter.target();
    this.instance = instance;
    this.lines = lines;
  }

  InstanceKey key() {
    return key;
  }

  String target() {
    return target;
  }

  T instance() {
    return instance;
  }

  boolean serves() {
    return uses.get() >= 0 && instance.alive();
  }

  boolean use() {
    int count = uses.get();
    while (count >= 0) {
      if (uses.compareAndSet(count, count + 1)) {
        return true;
      }
      count = uses.get();
    }
    return false;
  }

  void release() {
    usedAt = System.nanoTime();
    if (uses.decrementAndGet() == RETIRED) {
      drained.countDown();
    }
  }

  /// True for the one who retired it.
  boolean retire() {
    int count = uses.get();
    while (count >= 0) {
      if (uses.compareAndSet(count, count + RETIRED)) {
        if (count == 0) {
          drained.countDown();
        }
        return true;
      }
      count = uses.get();
    }
    return false;
  }

  /// True when nobody used it and it is retired now.
  boolean retireUnused() {
    if (uses.compareAndSet(0, RETIRED)) {
      drained.countDown();
      return true;
    }
    return false;
  }

  boolean retired() {
    return uses.get() < 0;
  }

  int calls() {
    return uses.get() & Integer.MAX_VALUE;
  }

  Duration age() {
    return Duration.ofNanos(System.nanoTime() - startedAt);
  }

  Duration idle() {
    return calls() > 0 ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - usedAt);
  }

  void awaitDrained(Duration atMost) throws InterruptedException {
    boolean _ = drained.await(atMost.toNanos(), TimeUnit.NANOSECONDS);
  }

  /// It has ended and counts no more.
  void gone() {
    gone.countDown();
  }

  boolean awaitGone(Duration atMost) throws InterruptedException {
    return gone.await(atMost.toNanos(), TimeUnit.NANOSECONDS);
  }

  InstanceStatus status(int failures) {
    return new InstanceStatus(
        key,
        retired() ? InstanceStatus.State.DRAINING : InstanceStatus.State.RUNNING,
        instance.pid(),
        instance.pod(),
        age(),
        idle(),
        calls(),
        failures,
        Optional.empty(),
        lines.toList());
  }
}
