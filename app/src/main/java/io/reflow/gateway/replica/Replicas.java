package io.reflow.gateway.replica;

import io.reflow.gateway.fault.GatewayException;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// This gateway among the others over the same database. A thread says again and again that it
/// lives, and looks who else does; what is asked here is answered from memory.
///
/// A replica counts as dead when the database's clock says that it was silent for too long. Nobody
/// is judged by one that could not speak itself a moment ago: after the database was away, all get
/// the time to be heard again.
public final class Replicas implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Replicas.class);
  private static final int BEATS_UNTIL_DEAD = 5;
  private static final Duration FORGOTTEN_AFTER = Duration.ofDays(1);

  private final UUID id;
  private final ReplicaStore store;
  private final Duration deadAfter;
  private final LongSupplier nanos;
  private final Thread thread;
  private final ReentrantLock beating = new ReentrantLock();
  private final List<Runnable> lapseListeners = new CopyOnWriteArrayList<>();
  private final List<Consumer<Replica>> deathListeners = new CopyOnWriteArrayList<>();

  private volatile long epoch;
  private volatile Map<Long, Replica> living = Map.of();
  private volatile Optional<URI> address = Optional.empty();
  private volatile long steadySince;
  private volatile boolean steady;
  private boolean lapsed;

  /// @param id stays the same over restarts; no two gateways that run have the same
  public Replicas(UUID id, ReplicaStore store, Duration deadAfter) {
    this(id, store, deadAfter, System::nanoTime);
  }

  Replicas(UUID id, ReplicaStore store, Duration deadAfter, LongSupplier nanos) {
    this.id = id;
    this.store = store;
    this.deadAfter = deadAfter;
    this.nanos = nanos;
    this.thread = Thread.ofVirtual().name("replica-heartbeat").unstarted(this::run);
  }

  /// `listener` runs when this replica was silent for so long that others may have taken over what
  /// it had, and can speak again. What it throws is tried again.
  public void onLapse(Runnable listener) {
    lapseListeners.add(listener);
  }

  /// `listener` hears of every other replica that was alive and no longer is.
  public void onDeath(Consumer<Replica> listener) {
    deathListeners.add(listener);
  }

  /// Begins a life and keeps it up.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.Unavailable when the database is away
  public void start() {
    store.removeOlderThan(FORGOTTEN_AFTER);
    begin();
    look();
    thread.start();
  }

  private void begin() {
    epoch = store.register(id, address);
    steadySince = nanos.getAsLong();
    steady = true;
  }

  /// Tells the others where they reach this one.
  public void announce(URI ownAddress) {
    address = Optional.of(ownAddress);
    store.announce(epoch, ownAddress);
  }

  /// Names this life of this replica.
  public long epoch() {
    return epoch;
  }

  public Duration deadAfter() {
    return deadAfter;
  }

  /// Another replica that lives, as far as is known, and takes what is passed on.
  public Optional<Replica> find(long itsEpoch) {
    return Optional.ofNullable(living.get(itsEpoch))
        .filter(replica -> itsEpoch != epoch && replica.address().isPresent());
  }

  /// Another replica that lives, as the database says now, whether or not it takes anything from
  /// others: one that has just begun is not known otherwise, or not by its address.
  ///
  /// @throws GatewayException.Unavailable when the database is away
  public Optional<Replica> lookUp(long itsEpoch) {
    return store.living(deadAfter).stream()
        .filter(replica -> replica.epoch() == itsEpoch && itsEpoch != epoch)
        .findFirst();
  }

  /// Where those that live are reached by each other, this one among them.
  public List<URI> addresses() {
    return living.values().stream().map(Replica::address).flatMap(Optional::stream).toList();
  }

  /// How many live, as far as is known, this one among them.
  public int count() {
    return living.size();
  }

  /// All others that live, as far as is known, and take what is passed on.
  List<Replica> others() {
    return living.keySet().stream().flatMap(each -> find(each).stream()).toList();
  }

  /// Names this gateway among the others, over restarts.
  public UUID id() {
    return id;
  }

  /// Whether this one may call others dead by their silence: it was heard itself all the time in
  /// which they were not.
  public boolean mayJudge() {
    return steady && nanos.getAsLong() - steadySince >= deadAfter.toNanos();
  }

  private void run() {
    try {
      while (true) {
        Thread.sleep(deadAfter.dividedBy(BEATS_UNTIL_DEAD));
        beat();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  void beat() {
    beating.lock();
    try {
      speak();
      look();
    } catch (GatewayException e) {
      if (steady) {
        LOG.atWarn().setCause(e).log("The database does not hear this replica, trying again");
      }
      steady = false;
    } catch (RuntimeException e) {
      steady = false;
      LOG.atError().setCause(e).log("The replicas could not be looked after, trying again");
    } finally {
      beating.unlock();
    }
  }

  private void speak() {
    Optional<Duration> silence = store.beat(epoch);
    if (silence.isEmpty()) {
      begin();
      LOG.atWarn().addKeyValue("epoch", epoch).log("This replica was taken for dead, begins anew");
    }
    lapsed |= silence.filter(it -> it.compareTo(deadAfter) <= 0).isEmpty();
    if (!steady || lapsed) {
      steadySince = nanos.getAsLong();
      steady = true;
    }
    if (lapsed) {
      lapseListeners.forEach(Runnable::run);
      lapsed = false;
    }
  }

  private void look() {
    Map<Long, Replica> now = new HashMap<>();
    store.living(deadAfter).forEach(replica -> now.put(replica.epoch(), replica));
    Map<Long, Replica> before = living;
    living = Map.copyOf(now);
    before.forEach((itsEpoch, replica) -> {
      if (itsEpoch != epoch && !now.containsKey(itsEpoch) && !replica.id().equals(id)) {
        deathListeners.forEach(listener -> listener.accept(replica));
      }
    });
  }

  /// Ends this life; the others need not wait for its death.
  @Override
  public void close() throws InterruptedException {
    if (thread.getState() == Thread.State.NEW) {
      return;
    }
    thread.interrupt();
    thread.join(Duration.ofSeconds(5));
    try {
      store.remove(epoch);
    } catch (GatewayException e) {
      LOG.atDebug().setCause(e).log("The others will find out that this replica has stopped");
    }
  }
}
