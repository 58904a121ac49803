package io.reflow.gateway.instance;

import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.fault.GatewayException.Unavailable;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.target.TargetId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/// Keeps one instance per key: starts it on first use, replaces it when its recipe changes, ends it
/// when it is idle or old, and starts it anew, ever more slowly, when it fails.
///
/// Only callers of the same key wait for a start. A running call is never cut short by idleness,
/// age or a full house.
public final class InstancePool<T extends Instance> implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(InstancePool.class);

  private static final Duration CLOSING = Duration.ofSeconds(10);
  private static final Duration MEMORY_OF_FAILURES = Duration.ofMinutes(10);
  private static final Duration TRY_AGAIN = Duration.ofSeconds(5);

  private final ConcurrentMap<InstanceKey, Slot<T>> slots = new ConcurrentHashMap<>();
  private final Set<Running<T>> existing = ConcurrentHashMap.newKeySet();
  private final Set<Thread> starting = ConcurrentHashMap.newKeySet();
  private final Census census;
  private final Lifetimes lifetimes;
  private final int keptLines;
  private final Thread collector;
  private volatile boolean closed;

  public InstancePool(String name, Limits limits, Lifetimes lifetimes, int keptLines) {
    this.census = new Census(limits);
    this.lifetimes = lifetimes;
    this.keptLines = keptLines;
    this.collector = Thread.ofVirtual().name("collect-" + name).start(this::collect);
  }

  /// The right to use the instance of `key`, started if need be; waits for a start for at most
  /// `patience`.
  ///
  /// @throws UpstreamFailed when it can't be started, or could not a moment ago
  /// @throws Overloaded when a limit is reached and nothing idle can make room
  public Lease<T> acquire(InstanceKey key, Starter<T> starter, Duration patience)
      throws InterruptedException {
    Slot<T> slot = slots.get(key);
    if (slot != null) {
      Running<T> running = slot.running();
      if (running != null && running.serves(starter.recipe()) && running.use()) {
        return new Lease<>(running);
      }
    }
    return acquireStarted(key, starter, System.nanoTime() + patience.toNanos());
  }

  /// The right to use the instance of `key`, if there is one; starts none.
  public Optional<Lease<T>> find(InstanceKey key) {
    return Optional.ofNullable(slots.get(key))
        .map(Slot::running)
        .filter(Running::use)
        .map(Lease::new);
  }

  private Lease<T> acquireStarted(InstanceKey key, Starter<T> starter, long deadline)
      throws InterruptedException {
    while (true) {
      if (closed) {
        throw new Unavailable("the gateway is stopping", TRY_AGAIN);
      }
      Slot<T> slot = slots.computeIfAbsent(key, this::newSlot);
      Running<T> running = find(slot, starter, deadline);
      if (running != null && running.serves(starter.recipe()) && running.use()) {
        return new Lease<>(running);
      }
      if (deadline - System.nanoTime() <= 0) {
        throw new UpstreamFailed(starter.target(), "is still starting");
      }
    }
  }

  private Slot<T> newSlot(InstanceKey key) {
    return new Slot<>(key, new LastLines(keptLines), lifetimes.longestBackoff());
  }

  /// Null when the slot was given up meanwhile.
  private @Nullable Running<T> find(Slot<T> slot, Starter<T> starter, long deadline)
      throws InterruptedException {
    Thread thread =
        Thread.ofVirtual()
            .name("start-" + starter.target())
            .unstarted(() -> startAndTell(slot, starter));
    return switch (slot.find(starter, thread)) {
      case Slot.Found.Gone<T> _ -> {
        slots.remove(slot.key(), slot);
        yield null;
      }
      case Slot.Found.Ready<T>(var running) -> running;
      case Slot.Found.TooEarly<T>(var failure, var toEnd) -> {
        toEnd.ifPresent(this::end);
        throw failure;
      }
      case Slot.Found.Starting<T>(var start, var mine, var toEnd) -> {
        toEnd.ifPresent(this::end);
        if (mine) {
          starting.add(thread);
          thread.start();
        }
        yield await(start, starter.target(), deadline);
      }
    };
  }

  private Running<T> await(Slot.Start<T> start, String target, long deadline)
      throws InterruptedException {
    try {
      return start.outcome().get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException _) {
      throw new UpstreamFailed(target, "is still starting");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof GatewayException failure) {
        throw failure;
      }
      throw new UpstreamFailed(target, "could not be started", e);
    }
  }

  private void startAndTell(Slot<T> slot, Starter<T> starter) {
    try {
      start(slot, starter);
    } finally {
      starting.remove(Thread.currentThread());
    }
  }

  private void start(Slot<T> slot, Starter<T> starter) {
    boolean entered = false;
    boolean stopped = false;
    GatewayException failure;
    try {
      makeRoom(slot, starter.target());
      entered = true;
      T instance = starter.start(slot.lines());
      started(slot, new Running<>(slot.key(), starter, instance, slot.lines()));
      return;
    } catch (GatewayException e) {
      failure = e;
    } catch (InterruptedException _) {
      stopped = true;
      failure = new UpstreamFailed(starter.target(), "was stopped while it started");
    } catch (RuntimeException | Error e) {
      LOG.atError()
          .setMessage("An instance could not be started for a reason of the gateway's own")
          .addKeyValue("target", starter.target())
          .setCause(e)
          .log();
      failure = new UpstreamFailed(starter.target(), "could not be started", e);
    }
    if (entered) {
      census.leave(slot.key());
    }
    slot.failed(starter.recipe(), failure, entered && !stopped);
    LOG.atLevel(stopped || failure instanceof Overloaded ? Level.DEBUG : Level.WARN)
        .setMessage("An instance could not be started: {}")
        .addArgument(failure.reason())
        .addKeyValue("target", starter.target())
        .addKeyValue("instance", slot.key().wireName())
        .log();
  }

  private void started(Slot<T> slot, Running<T> running) {
    existing.add(running);
    if (!slot.started(running) || closed) {
      boolean _ = running.retire();
      end(running);
    }
    LOG.atInfo()
        .setMessage("Started an instance")
        .addKeyValue("target", running.target())
        .addKeyValue("instance", slot.key().wireName())
        .log();
  }

  /// Enters the census; ends what nobody uses if that helps.
  private void makeRoom(Slot<T> slot, String target) throws InterruptedException {
    Optional<Census.Full> full = census.enter(slot.key());
    for (int attempt = 0; full.isPresent(); attempt++) {
      Optional<Running<T>> unused = letGoIdlest(full.get().sameScope());
      if (unused.isPresent()) {
        endNow(unused.get());
      } else if (attempt > 0 || !previousHasEnded(slot)) {
        throw new Overloaded(
            "target '%s' can't be started: %s".formatted(target, full.get().what()), TRY_AGAIN);
      }
      full = census.enter(slot.key());
    }
  }

  private static <T extends Instance> boolean previousHasEnded(Slot<T> slot)
      throws InterruptedException {
    Optional<Running<T>> previous = slot.leaving();
    return previous.isPresent()
        && previous.get().calls() == 0
        && previous.get().awaitClosed(CLOSING);
  }

  private Optional<Running<T>> letGoIdlest(Predicate<InstanceKey> scope) {
    List<Unused<T>> unused = new ArrayList<>();
    for (Slot<T> slot : slots.values()) {
      Running<T> running = slot.running();
      if (running != null && running.calls() == 0 && scope.test(slot.key())) {
        unused.add(new Unused<>(slot, running.idle()));
      }
    }
    unused.sort(Comparator.comparing((Unused<T> candidate) -> candidate.idle()).reversed());
    return unused.stream()
        .flatMap(candidate -> candidate.slot().letGoUnused().stream())
        .findFirst();
  }

  private record Unused<T extends Instance>(Slot<T> slot, Duration idle) {}

  /// Ends a retired instance as soon as its calls have ended, or the time for that has.
  private void end(Running<T> retired) {
    Thread.ofVirtual()
        .name("end-" + retired.key().wireName())
        .start(() -> {
          try {
            retired.awaitDrained(lifetimes.drain());
          } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
          } finally {
            endNow(retired);
          }
        });
  }

  private void endNow(Running<T> retired) {
    try {
      retired.close();
    } catch (RuntimeException e) {
      LOG.atError().setMessage("An instance could not be ended").setCause(e).log();
    } finally {
      if (existing.remove(retired)) {
        census.leave(retired.key());
        LOG.atInfo()
            .setMessage("Ended an instance")
            .addKeyValue("target", retired.target())
            .addKeyValue("instance", retired.key().wireName())
            .log();
      }
    }
  }

  private void collect() {
    try {
      while (!closed) {
        Thread.sleep(tick());
        for (Slot<T> slot : slots.values()) {
          collect(slot);
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Often enough for the shortest life time.
  private Duration tick() {
    long quarter = Math.min(lifetimes.idle().toMillis(), lifetimes.longest().toMillis()) / 4;
    return Duration.ofMillis(Math.clamp(quarter, 10, 1000));
  }

  private void collect(Slot<T> slot) {
    Running<T> running = slot.running();
    if (running == null) {
      if (slot.removeIfEmpty(MEMORY_OF_FAILURES)) {
        slots.remove(slot.key(), slot);
      }
    } else if (!running.instance().alive() || running.age().compareTo(lifetimes.longest()) > 0) {
      slot.letGo(running).ifPresent(this::end);
    } else if (running.idle().compareTo(lifetimes.idle()) > 0) {
      slot.letGoUnused().ifPresent(this::end);
    }
  }

  /// What there is of a target, those instances included that end or can't be started.
  public List<InstanceStatus> list(TargetId target) {
    List<InstanceStatus> statuses = new ArrayList<>();
    slotsOf(target).flatMap(slot -> slot.status().stream()).forEach(statuses::add);
    existing.stream()
        .filter(running -> running.key().target().equals(target) && running.retired())
        .map(running -> running.status(0))
        .forEach(statuses::add);
    statuses.sort(Comparator.comparing(status -> status.key().wireName()));
    return statuses;
  }

  /// How many instances exist, those included that are ending.
  public int size() {
    return existing.size();
  }

  /// Takes all instances of a target out of use; their running calls may finish. Failures are
  /// forgotten: the next call starts anew at once.
  ///
  /// @return how many there were
  public int retire(TargetId target) {
    return retire(slotsOf(target));
  }

  /// Does the same for the instances that serve just one session, which is over.
  public int retireSession(String session) {
    return retire(
        slots.values().stream().filter(slot -> slot.key().session().equals(Optional.of(session))));
  }

  private int retire(Stream<Slot<T>> ended) {
    int count = 0;
    for (Slot<T> slot : ended.toList()) {
      slots.remove(slot.key(), slot);
      Optional<Running<T>> running = slot.remove();
      running.ifPresent(this::end);
      count += running.isPresent() ? 1 : 0;
    }
    return count;
  }

  private Stream<Slot<T>> slotsOf(TargetId target) {
    return slots.values().stream().filter(slot -> slot.key().target().equals(target));
  }

  /// Ends everything at once, in parallel; what is starting is stopped.
  @Override
  public void close() {
    closed = true;
    collector.interrupt();
    slots.values().forEach(Slot::remove);
    slots.clear();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      existing.forEach(running -> threads.execute(() -> endNow(running)));
    }
    awaitStarting();
  }

  private void awaitStarting() {
    try {
      long deadline = System.nanoTime() + CLOSING.toNanos();
      for (Thread thread : starting) {
        boolean _ = thread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
