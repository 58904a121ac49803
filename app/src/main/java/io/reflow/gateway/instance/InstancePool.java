package io.reflow.gateway.instance;

import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.fault.GatewayException.Unavailable;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.instance.Slot.Place;
import io.reflow.gateway.target.TargetId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

/// Keeps one instance per key and recipe: starts it on first use, ends it when it is outdated, idle
/// or old, and starts it anew, ever more slowly, when it fails.
///
/// Only callers of the same key wait for a start. A running call is never cut short by a new
/// recipe, idleness, age or a full house. What is outdated is never started: a caller that has come
/// with an old recipe gets the instance of the new one.
public final class InstancePool<T extends Instance> implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(InstancePool.class);

  private static final Duration CLOSING = Duration.ofSeconds(10);
  private static final Duration MEMORY_OF_FAILURES = Duration.ofMinutes(10);
  private static final Duration TRY_AGAIN = Duration.ofSeconds(5);

  private final ConcurrentMap<Place, Slot<T>> slots = new ConcurrentHashMap<>();
  private final Set<Running<T>> existing = ConcurrentHashMap.newKeySet();
  private final Set<Thread> starting = ConcurrentHashMap.newKeySet();
  private final Census census;
  private final Lifetimes lifetimes;
  private final int keptLines;
  private final InstanceEvents events;
  private final Thread collector;
  private volatile boolean closed;

  public InstancePool(
      String name, Limits limits, Lifetimes lifetimes, int keptLines, InstanceEvents events) {
    this.events = events;
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
    @Nullable Lease<T> running = running(key, starter.recipe());
    return running != null
        ? running
        : acquireStarted(key, starter, System.nanoTime() + patience.toNanos());
  }

  /// The same, if the instance runs already; null when it does not.
  public @Nullable Lease<T> running(InstanceKey key, Object recipe) {
    Slot<T> slot = slots.get(new Place(key, recipe));
    if (slot != null) {
      Running<T> running = slot.running();
      if (running != null && running.serves() && running.use()) {
        return new Lease<>(running);
      }
    }
    return null;
  }

  /// The right to use the instance of `key`, if there is one; starts none.
  public Optional<Lease<T>> find(InstanceKey key) {
    return slots.values().stream()
        .filter(slot -> slot.key().equals(key))
        .flatMap(slot -> Stream.ofNullable(slot.running()))
        .filter(Running::use)
        .findFirst()
        .map(Lease::new);
  }

  private Lease<T> acquireStarted(InstanceKey key, Starter<T> starter, long deadline)
      throws InterruptedException {
    while (true) {
      if (closed) {
        throw new Unavailable("the gateway is stopping", TRY_AGAIN);
      }
      Starter<T> now = starter.renewed();
      Slot<T> slot = slots.computeIfAbsent(new Place(key, now.recipe()), this::newSlot);
      Optional<Running<T>> running = find(slot, now, deadline);
      if (running.filter(Running::serves).filter(Running::use).isPresent()) {
        return new Lease<>(running.get());
      }
      if (deadline - System.nanoTime() <= 0) {
        throw new UpstreamFailed(starter.target(), "is still starting");
      }
    }
  }

  private Slot<T> newSlot(Place place) {
    return new Slot<>(place, new LastLines(keptLines), lifetimes.longestBackoff(), events);
  }

  /// Empty when the slot was given up meanwhile.
  private Optional<Running<T>> find(Slot<T> slot, Starter<T> starter, long deadline)
      throws InterruptedException {
    Thread thread =
        Thread.ofVirtual()
            .name("start-" + starter.target())
            .unstarted(() -> startAndTell(slot, starter));
    return switch (slot.find(starter, thread)) {
      case Slot.Found.Gone<T> _ -> {
        slots.remove(slot.place(), slot);
        yield Optional.empty();
      }
      case Slot.Found.Ready<T>(var running) -> Optional.of(running);
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

  private Optional<Running<T>> await(Slot.Start<T> start, String target, long deadline)
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
      if (slot.outdated()) {
        // Asked after the slot can be seen: whoever changes anything from now on ends this start.
        int _ = retire(Stream.of(slot), true);
        return;
      }
      int _ = retire(siblings(slot), true);
      makeRoom(slot, starter.target());
      entered = true;
      T instance = startMeasured(slot, starter);
      started(slot, new Running<>(slot.key(), starter, instance, slot.lines()));
      return;
    } catch (GatewayException e) {
      failure = e;
    } catch (InterruptedException _) {
      stopped = true;
      failure = Slot.stopped(starter.target());
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
    slot.failed(failure, entered && !stopped);
    LOG.atLevel(stopped || failure instanceof Overloaded ? Level.DEBUG : Level.WARN)
        .setMessage("An instance could not be started: {}")
        .addArgument(failure.reason())
        .addKeyValue("target", starter.target())
        .addKeyValue("instance", slot.key().wireName())
        .log();
  }

  private T startMeasured(Slot<T> slot, Starter<T> starter) throws InterruptedException {
    boolean again = slot.again();
    boolean started = false;
    long begun = System.nanoTime();
    try {
      T instance = starter.start(slot.lines());
      started = true;
      return instance;
    } finally {
      events.start(starter.target(), started, again, Duration.ofNanos(System.nanoTime() - begun));
    }
  }

  /// Made for the same callers from a recipe that is none any more.
  private Stream<Slot<T>> siblings(Slot<T> slot) {
    return slots.values().stream().filter(other -> other != slot && other.key().equals(slot.key()));
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
      } else if (attempt > 0 || !oneHasEnded(full.get().sameScope())) {
        throw new Overloaded(
            "target '%s' can't be started: %s".formatted(target, full.get().what()), TRY_AGAIN);
      }
      full = census.enter(slot.key());
    }
  }

  /// Waits for one that is ending anyway.
  private boolean oneHasEnded(Predicate<InstanceKey> scope) throws InterruptedException {
    Optional<Running<T>> ending =
        existing.stream()
            .filter(running -> running.retired() && running.calls() == 0)
            .filter(running -> scope.test(running.key()))
            .findFirst();
    return ending.isPresent() && ending.get().awaitGone(CLOSING);
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
      retired.instance().close();
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
      retired.gone();
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
        slots.remove(slot.place(), slot);
      }
    } else if (!running.instance().alive() || running.age().compareTo(lifetimes.longest()) > 0) {
      slot.letGo(running).ifPresent(this::end);
    } else if (running.idle().compareTo(lifetimes.idle()) > 0) {
      slot.letGoUnused().ifPresent(this::end);
    }
  }

  /// How many there are of each target, by their states.
  public Map<TargetId, Map<InstanceStatus.State, Integer>> counts() {
    Map<TargetId, Map<InstanceStatus.State, Integer>> counts = new HashMap<>();
    slots
        .values()
        .forEach(
            slot -> slot.status().ifPresent(status -> count(counts, slot.key(), status.state())));
    existing.stream()
        .filter(Running::retired)
        .forEach(running -> count(counts, running.key(), InstanceStatus.State.DRAINING));
    return counts;
  }

  private static void count(
      Map<TargetId, Map<InstanceStatus.State, Integer>> counts,
      InstanceKey key,
      InstanceStatus.State state) {
    counts
        .computeIfAbsent(key.target(), _ -> new EnumMap<>(InstanceStatus.State.class))
        .merge(state, 1, Integer::sum);
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
    return retire(slotsOf(target), true);
  }

  /// Does the same for those instances of a target that callers would not get any more: what is
  /// injected there has changed, or nothing is to run there at all.
  public int retireOutdated(TargetId target) {
    return retire(slotsOf(target).filter(Slot::outdated), true);
  }

  /// Does the same for the instances that serve just one session, which is over.
  public int retireSession(String session) {
    Predicate<InstanceKey> itsOwn = key -> key.session().equals(Optional.of(session));
    return retire(slots.values().stream().filter(slot -> itsOwn.test(slot.key())), false);
  }

  /// Does the same for the instances that serve just one user.
  public int retireUser(UserId user) {
    return retire(slotsOf(user), true);
  }

  /// Does the same for those of them that this user would not get any more.
  public int retireOutdated(UserId user) {
    return retire(slotsOf(user).filter(Slot::outdated), true);
  }

  /// @param replaced whether others are to take their places
  private int retire(Stream<Slot<T>> ended, boolean replaced) {
    int count = 0;
    for (Slot<T> slot : ended.toList()) {
      slots.remove(slot.place(), slot);
      Optional<Running<T>> running = slot.remove(replaced);
      running.ifPresent(this::end);
      count += running.isPresent() ? 1 : 0;
    }
    return count;
  }

  private Stream<Slot<T>> slotsOf(UserId user) {
    var only = new InstanceKey.Sharing.User(user);
    return slots.values().stream().filter(slot -> slot.key().sharing().equals(only));
  }

  private Stream<Slot<T>> slotsOf(TargetId target) {
    return slots.values().stream().filter(slot -> slot.key().target().equals(target));
  }

  /// Ends everything at once, in parallel; what is starting is stopped.
  @Override
  public void close() {
    closed = true;
    collector.interrupt();
    slots.values().forEach(slot -> slot.remove(false));
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
