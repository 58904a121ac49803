package io.reflow.gateway.upstream;

import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.fault.GatewayException.Unavailable;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.instance.Lease;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Listener.ListKind;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// An instance that somebody listens to. A thread of its own keeps it leased, makes the target tell
/// of what all of them want to know, and does so again when the instance was replaced.
final class Followed {

  private static final Logger LOG = LoggerFactory.getLogger(Followed.class);

  /// How often it is looked after whether the instance still lives.
  private static final Duration PERIOD = Duration.ofMillis(500);

  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  /// How often the target is asked again for what it may have left out; it costs nothing where
  /// there is no such thing.
  private static final Duration AGAIN = Duration.ofSeconds(30);

  private final InstanceKey key;
  private final Way way;
  private final Duration linger;
  private final Predicate<Followed> leave;
  private final List<Listening> listeners = new CopyOnWriteArrayList<>();
  private final Semaphore changes = new Semaphore(0);
  private final Thread thread;
  private volatile Optional<Reach> newest = Optional.empty();
  private volatile boolean deaf;

  private @Nullable Lease<Upstream> lease;
  private @Nullable Interest agreed;
  private boolean agreedBefore;
  private long agreedAt;
  private long lessSince;
  private int failures;

  /// @param leave true when it is over, since nobody has come meanwhile
  Followed(InstanceKey key, Way way, Duration linger, Predicate<Followed> leave) {
    this.key = key;
    this.way = way;
    this.linger = linger;
    this.leave = leave;
    this.thread = Thread.ofVirtual().name("follow-" + key.wireName()).unstarted(this::run);
  }

  /// The way to an instance.
  @FunctionalInterface
  interface Way {

    /// Opens the instance if need be.
    ///
    /// @param reach may be as old as the interest in the instance
    /// @throws GatewayException when the instance can't be had
    Lease<Upstream> lease(Reach reach) throws InterruptedException;
  }

  InstanceKey key() {
    return key;
  }

  void add(Listening listening) {
    newest = Optional.of(listening.reach());
    listeners.add(listening);
    if (thread.getState() == Thread.State.NEW) {
      thread.start();
    }
    changes.release();
  }

  void remove(Listening listening) {
    if (listeners.remove(listening)) {
      changes.release();
    }
  }

  boolean deserted() {
    return listeners.isEmpty();
  }

  void stop() {
    thread.interrupt();
  }

  /// Whether the target had a way to say something when it was last asked to.
  boolean hears() {
    return !deaf;
  }

  void listChanged(ListKind kind) {
    tell(listening -> listening.listChanged(kind));
  }

  void resourceUpdated(String uri, RawJson params) {
    tell(listening -> listening.resourceUpdated(uri, params));
  }

  void elicitationCompleted(String elicitationId, RawJson params) {
    tell(listening -> listening.listener().elicitationCompleted(elicitationId, params));
  }

  /// One listener's trouble is not the others'.
  private void tell(Consumer<Listening> news) {
    for (Listening listening : listeners) {
      try {
        news.accept(listening);
      } catch (RuntimeException e) {
        LOG.atError().setMessage("A change could not be passed on").setCause(e).log();
      }
    }
  }

  private void run() {
    try {
      while (!over()) {
        boolean _ = changes.tryAcquire(pause().toNanos(), TimeUnit.NANOSECONDS);
        int _ = changes.drainPermits();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      letGo();
      do {
        fail(new Unavailable("the target is not listened to any more", LONGEST_PAUSE));
        listeners.clear();
      } while (!leave.test(this));
    }
  }

  private Duration pause() {
    if (failures == 0) {
      return PERIOD;
    }
    long longest = Math.min(LONGEST_PAUSE.toMillis(), 1000L << Math.min(failures - 1, 10));
    return Duration.ofMillis(ThreadLocalRandom.current().nextLong(longest / 2, longest + 1));
  }

  private boolean over() throws InterruptedException {
    List<Listening> now = List.copyOf(listeners);
    try {
      follow(now);
      failures = 0;
      now.forEach(listening -> listening.live().complete(true));
    } catch (GatewayException e) {
      failures++;
      letGo();
      fail(e);
    } catch (RuntimeException e) {
      LOG.atError().setMessage("An instance could not be followed").setCause(e).log();
      failures++;
      letGo();
      fail(e);
    }
    return lease == null && leave.test(this);
  }

  private void follow(List<Listening> now) throws InterruptedException {
    Interest wanted = Interest.of(now.stream().map(Listening::interest).toList());
    if (now.isEmpty()) {
      leaveLater();
      return;
    }
    Upstream upstream = upstream();
    Interest before = agreed;
    if (before != null) {
      // What is told already waits for nothing that others want.
      now.stream()
          .filter(listening -> before.covers(listening.interest()))
          .forEach(listening -> listening.live().complete(true));
    }
    if (before == null || !before.covers(wanted)) {
      agree(upstream, wanted);
    } else if (before.equals(wanted)) {
      lessSince = 0;
      if (System.nanoTime() - agreedAt >= AGAIN.toNanos()) {
        agree(upstream, wanted);
      }
    } else if (hasLingered()) {
      agree(upstream, wanted);
    }
  }

  private void agree(Upstream upstream, Interest wanted) throws InterruptedException {
    boolean anew = agreed == null && agreedBefore;
    upstream.follow(wanted);
    deaf = !upstream.hears();
    agreed = wanted;
    agreedAt = System.nanoTime();
    agreedBefore = true;
    lessSince = 0;
    if (anew) {
      tell(listening -> {
        if (listening.live().isDone()) {
          listening.everythingMayHaveChanged();
        }
      });
    }
  }

  /// For some time now less has been wanted than is told.
  private boolean hasLingered() {
    long now = System.nanoTime();
    if (lessSince == 0) {
      lessSince = now;
    }
    return now - lessSince >= linger.toNanos();
  }

  private void leaveLater() throws InterruptedException {
    Lease<Upstream> held = lease;
    if (held == null) {
      return;
    }
    if (!held.instance().alive() || held.retired()) {
      letGo();
    } else if (hasLingered()) {
      try {
        held.instance().follow(Interest.NONE);
      } finally {
        letGo();
      }
    }
  }

  private Upstream upstream() throws InterruptedException {
    Lease<Upstream> held = lease;
    if (held == null || held.retired() || !held.instance().alive()) {
      Lease<Upstream> fresh = way.lease(newest.orElseThrow());
      letGo();
      lease = fresh;
      held = fresh;
    }
    return held.instance();
  }

  private void letGo() {
    Lease<Upstream> held = lease;
    lease = null;
    agreed = null;
    lessSince = 0;
    if (held != null) {
      held.close();
    }
  }

  /// Those who still wait for it to begin; the others hear of it when it goes on.
  private void fail(Throwable why) {
    boolean _ = listeners.removeIf(listening -> listening.live().completeExceptionally(why));
  }

  static GatewayException asFailure(Reach reach, @Nullable Throwable why) {
    return why instanceof GatewayException failure
        ? failure
        : new UpstreamFailed(reach.target().name(), "could not be followed");
  }
}
