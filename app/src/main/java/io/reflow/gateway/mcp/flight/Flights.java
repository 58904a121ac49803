package io.reflow.gateway.mcp.flight;

import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.InFlight;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The calls that are suspended until their clients come back. Each of them ends with the time it
/// has, or when its caller may no longer have the answer, or with the gateway.
public final class Flights implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Flights.class);

  static final int MOST_OF_USER = 20;
  static final int MOST = 2000;

  /// What a target that was told that nobody answers may take to come to an end.
  private static final Duration LAST_WORDS = Duration.ofSeconds(5);

  /// How late a call may be found to be late.
  private static final Duration LOOK = Duration.ofSeconds(1);

  private final Map<String, Flight> suspended = new ConcurrentHashMap<>();
  private final Duration ttl;
  private final Semaphore landed = new Semaphore(0);
  private final Thread watch;
  private volatile boolean closed;

  /// @param ttl how long a client may take to come back
  public Flights(Duration ttl) {
    this.ttl = ttl;
    this.watch = Thread.ofVirtual().name("flight-expiry").start(this::watch);
  }

  /// Ends the time of those whose clients don't come back. One thread looks after all of them.
  private void watch() {
    try {
      while (true) {
        Thread.sleep(LOOK.compareTo(ttl.dividedBy(10)) < 0 ? LOOK : ttl.dividedBy(10));
        suspended.values().forEach(Flights::look);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// What goes wrong with one call is not to keep the others waiting for ever.
  private static void look(Flight flight) {
    try {
      flight.expireIfLate();
    } catch (RuntimeException e) {
      LOG.atError()
          .addKeyValue("call", flight.id())
          .setCause(e)
          .log("A suspended call could not be looked after; it is tried again");
    }
  }

  /// The call itself.
  @FunctionalInterface
  public interface Work {
    Answer call(Caller caller) throws InterruptedException;
  }

  /// Begins a call, to be awaited by the request that `first` stands for.
  ///
  /// @param session its own, so that it counts, and is ended, like every other
  /// @param stillAllowed whether the caller may go on and have the answer
  public Flight launch(
      Session session, RawJson requestId, BooleanSupplier stillAllowed, Caller first, Work work) {
    return launch(session, requestId, stillAllowed, first, 0, Optional.empty(), work);
  }

  /// The same with a call that may be made again, or is.
  ///
  /// @param round the last one before it was made again, else 0
  /// @param history of what was asked before; from then on the call's own
  public Flight launch(
      Session session,
      RawJson requestId,
      BooleanSupplier stillAllowed,
      Caller first,
      int round,
      Optional<History> history,
      Work work) {
    String id = UUID.randomUUID().toString();
    var flight = new Flight(id, session.owner().user(), first, this, round, history);
    Thread worker =
        Thread.ofVirtual()
            .name("flight-" + id)
            .unstarted(() -> fly(flight, session, requestId, stillAllowed, work));
    flight.workedOnBy(worker);
    worker.start();
    return flight;
  }

  private void fly(
      Flight flight, Session session, RawJson requestId, BooleanSupplier allowed, Work work) {
    boolean forbidden = false;
    try (InFlight call = session.begin(requestId)) {
      try {
        call.onlyWhile(allowed);
        flight.land(outcome(flight, work));
      } catch (InterruptedException _) {
        forbidden = call.forbidden();
        flight.endNow(forbidden);
      }
    } catch (RuntimeException e) {
      if (!flight.over()) {
        flight.fail(e);
      }
    } finally {
      remove(flight);
    }
  }

  private static Landing outcome(Flight flight, Work work) throws InterruptedException {
    try {
      return new Landing.Answered(work.call(flight));
    } catch (RuntimeException e) {
      return new Landing.Failed(e);
    }
  }

  /// The suspended call of that user; empty when it is not here, is over or has expired.
  public Optional<Flight> find(String id, UserId user) {
    return Optional.ofNullable(suspended.get(id)).filter(flight -> flight.owner().equals(user));
  }

  /// How many there are.
  public int count() {
    return suspended.size();
  }

  boolean closed() {
    return closed;
  }

  long ttl() {
    return ttl.toNanos();
  }

  /// Whether one more may be suspended.
  boolean admit(Flight flight) {
    if (suspended.containsKey(flight.id())) {
      return true;
    }
    long own =
        suspended.values().stream().filter(one -> one.owner().equals(flight.owner())).count();
    if (closed || own >= MOST_OF_USER || suspended.size() >= MOST) {
      return false;
    }
    suspended.put(flight.id(), flight);
    return true;
  }

  void remove(Flight flight) {
    if (suspended.remove(flight.id(), flight) && closed) {
      landed.release();
    }
  }

  /// The target was told that nobody answers.
  void expired(Flight flight) {
    remove(flight);
    Thread.ofVirtual().name("flight-expiry-" + flight.id()).start(() -> endLate(flight));
  }

  private static void endLate(Flight flight) {
    try {
      Thread.sleep(LAST_WORDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    flight.cancel();
  }

  /// Takes no more, and waits until the clients of those there are have come back for them, though
  /// no longer than `patience`.
  public void drain(Duration patience) throws InterruptedException {
    closed = true;
    long end = System.nanoTime() + patience.toNanos();
    boolean more = true;
    while (more && !suspended.isEmpty()) {
      more = landed.tryAcquire(end - System.nanoTime(), TimeUnit.NANOSECONDS);
    }
  }

  /// Takes no more, and ends those there are.
  @Override
  public void close() {
    closed = true;
    watch.interrupt();
    suspended.values().forEach(Flight::cancel);
  }
}
