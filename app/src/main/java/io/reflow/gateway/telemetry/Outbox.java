package io.reflow.gateway.telemetry;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.reflow.gateway.telemetry.Losses.Signal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// Gathers one signal for the collector and sends it in batches, by a thread of its own. Handing
/// something over takes no lock and waits for nothing: what finds no room is counted and dropped.
///
/// @param <T> what is sent
final class Outbox<T> implements AutoCloseable {

  /// Collectors refuse larger messages than some megabytes.
  private static final int LARGEST_BATCH = 1 << 20;

  private static final int BATCH = 512;
  private static final int TRIES = 5;
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration FAREWELL = Duration.ofSeconds(3);
  private static final Duration GLANCE = Duration.ofMillis(100);

  private final Signal signal;
  private final Settings settings;
  private final Sender<T> sender;
  private final Losses losses;
  private final Queue<Item<T>> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicInteger count = new AtomicInteger();
  private final AtomicLong used = new AtomicLong();
  private final Thread thread;
  private volatile boolean closing;
  private volatile long end;

  private record Item<T>(T value, int weight) {}

  /// What goes to the collector, and how.
  interface Sender<T> {

    CompletableResultCode send(Collection<T> batch);

    CompletableResultCode shutdown();
  }

  /// @param room in bytes, for all that waits
  /// @param interval how long something waits for company
  /// @param timeout the longest that one export takes
  record Settings(long room, Duration interval, Duration timeout) {}

  Outbox(Signal signal, Settings settings, Sender<T> sender, Losses losses) {
    this.signal = signal;
    this.settings = settings;
    this.sender = sender;
    this.losses = losses;
    this.thread =
        Thread.ofPlatform().daemon().name("otlp-" + signal.wireName()).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /// @param weight about how many bytes of memory it takes
  void offer(T value, int weight) {
    if (closing || used.get() + weight > settings.room()) {
      losses.lost(signal, 1);
      return;
    }
    used.addAndGet(weight);
    waiting.add(new Item<>(value, weight));
    if (count.incrementAndGet() == BATCH) {
      LockSupport.unpark(thread);
    }
  }

  private void run() {
    while (!closing) {
      awaitCompany();
      drain();
      losses.report();
    }
    while (count.get() > 0) {
      drain();
    }
  }

  /// Until a batch is full, or the interval is over.
  private void awaitCompany() {
    long until = System.nanoTime() + settings.interval().toNanos();
    long left = settings.interval().toNanos();
    while (!closing && count.get() < BATCH && left > 0) {
      LockSupport.parkNanos(left);
      left = until - System.nanoTime();
    }
  }

  /// Sends what there is; what comes meanwhile waits for company again, since an export costs about
  /// as much as hundreds of what it carries. Once the time to close has passed the rest is lost.
  private void drain() {
    List<T> batch = new ArrayList<>();
    long weight = 0;
    for (int left = count.get(); left > 0; left--) {
      Item<T> item = waiting.remove();
      count.decrementAndGet();
      batch.add(item.value());
      weight += item.weight();
      if (batch.size() == BATCH || weight >= LARGEST_BATCH || left == 1) {
        send(batch);
        used.addAndGet(-weight);
        batch = new ArrayList<>();
        weight = 0;
      }
    }
  }

  private void send(List<T> batch) {
    Duration pause = FIRST_PAUSE;
    for (int i = 0; i < TRIES && !late(); i++) {
      if (i > 0 && !waited(pause.multipliedBy(1L << (i - 1)))) {
        break;
      }
      CompletableResultCode result = tried(batch);
      if (result.isSuccess()) {
        losses.arrived(signal);
        return;
      }
      losses.failed(signal, why(result));
    }
    losses.lost(signal, batch.size());
    losses.report();
  }

  private CompletableResultCode tried(List<T> batch) {
    try {
      long until = System.nanoTime() + settings.timeout().plusSeconds(1).toNanos();
      CompletableResultCode result = sender.send(batch);
      while (!result.isDone() && until - System.nanoTime() > 0 && !late()) {
        var _ = result.join(GLANCE.toNanos(), TimeUnit.NANOSECONDS);
      }
      return result;
    } catch (RuntimeException e) {
      return CompletableResultCode.ofExceptionalFailure(e);
    }
  }

  /// Whether the gateway stops, and has waited for long enough.
  private boolean late() {
    return closing && end - System.nanoTime() <= 0;
  }

  /// False where there is no time left to wait.
  private boolean waited(Duration pause) {
    long until = System.nanoTime() + pause.toNanos();
    for (long left = pause.toNanos(); left > 0; left = until - System.nanoTime()) {
      if (closing) {
        return false;
      }
      LockSupport.parkNanos(left);
    }
    return true;
  }

  static String why(CompletableResultCode result) {
    Throwable failure = result.getFailureThrowable();
    if (failure == null) {
      return result.isDone() ? "it was refused" : "no answer in time";
    }
    String text = failure.getMessage();
    return SafeText.of(text == null ? failure.getClass().getSimpleName() : text, 200);
  }

  /// Sends what there is, a few seconds at most.
  @Override
  public void close() {
    end = System.nanoTime() + FAREWELL.toNanos();
    closing = true;
    LockSupport.unpark(thread);
    try {
      if (!thread.join(FAREWELL.plusSeconds(1))) {
        losses.lost(signal, count.get());
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    losses.close();
    var _ = sender.shutdown();
  }
}
