package io.reflow.gateway.session;

import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.replica.Replicas;
import io.reflow.gateway.session.SessionStore.Changing;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps the records of this replica's sessions up to date, in the background: no request waits for
/// it. What can't be written now is written later.
public final class SessionWriter implements AutoCloseable {

  static final Duration TOUCH_EVERY = Duration.ofMinutes(1);

  private static final Logger LOG = LoggerFactory.getLogger(SessionWriter.class);
  private static final Duration PAUSE = Duration.ofMillis(500);
  private static final int PASSES_UNTIL_EXPIRY = 120;

  private final Sessions sessions;
  private final SavedSessions saved;
  private final SessionStore store;
  private final Replicas replicas;
  private final InstantSource clock;
  private final Thread thread;
  private final ReentrantLock writing = new ReentrantLock();
  private Map<Session, Instant> touched = new HashMap<>();
  private boolean failing;

  public SessionWriter(
      Sessions sessions,
      SavedSessions saved,
      SessionStore store,
      Replicas replicas,
      InstantSource clock) {
    this.sessions = sessions;
    this.saved = saved;
    this.store = store;
    this.replicas = replicas;
    this.clock = clock;
    this.thread = Thread.ofVirtual().name("session-writer").unstarted(this::run);
  }

  public void start() {
    thread.start();
  }

  private void run() {
    try {
      for (int pass = 1; true; pass++) {
        Thread.sleep(PAUSE);
        write(false);
        if (pass % PASSES_UNTIL_EXPIRY == 0) {
          attempt(store::expire);
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Writes what has changed since the last time.
  void write(boolean lastUse) {
    writing.lock();
    try {
      attempt(this::deleteEnded);
      attempt(this::updateChanged);
      attempt(() -> touch(lastUse));
    } finally {
      writing.unlock();
    }
  }

  private void attempt(Runnable step) {
    try {
      step.run();
      failing = false;
    } catch (GatewayException e) {
      if (!failing) {
        LOG.atWarn().setCause(e).log("Sessions can't be recorded now, trying again");
      }
      failing = true;
    } catch (RuntimeException e) {
      if (!failing) {
        LOG.atError().setCause(e).log("The database does not take sessions, trying again");
      }
      failing = true;
    }
  }

  private void deleteEnded() {
    Set<String> over = Set.copyOf(saved.ending());
    if (!over.isEmpty()) {
      store.delete(over, replicas.epoch());
      saved.ending().removeAll(over);
    }
  }

  private void updateChanged() {
    for (Session session : sessions.all()) {
      Changing now = Changing.of(session);
      if (!now.equals(saved.written().get(session))) {
        store.update(SavedSessions.digest(session), now, replicas.epoch());
        saved.written().put(session, now);
      }
    }
    saved.written().keySet().removeIf(Session::over);
  }

  /// @param all whether those touched within the last minute are too
  private void touch(boolean all) {
    Instant now = clock.instant();
    Map<Session, Instant> touches = new HashMap<>();
    Map<String, Duration> idle = new HashMap<>();
    for (Session session : sessions.all()) {
      Instant before = touched.getOrDefault(session, session.openedAt());
      Instant used = session.inUse() ? now : session.lastUsed();
      boolean due = all || !used.isBefore(before.plus(TOUCH_EVERY));
      touches.put(session, due ? used : before);
      if (due) {
        idle.put(SavedSessions.digest(session), Duration.between(used, now));
      }
    }
    if (!idle.isEmpty()) {
      store.touch(idle, replicas.epoch());
    }
    touched = touches;
  }

  /// Ends what is no longer this replica's: others have taken it over, or an admin has ended it
  /// elsewhere.
  ///
  /// @throws GatewayException.Unavailable when the database is away
  public void dropLost() {
    List<Session> here = List.copyOf(sessions.all());
    if (here.isEmpty()) {
      return;
    }
    Set<String> owned = store.ownedBy(replicas.epoch());
    here.stream()
        .filter(session -> !owned.contains(SavedSessions.digest(session)))
        .forEach(sessions::end);
  }

  /// Gives up all sessions, so that other replicas go on with them from the next request on.
  public void release() {
    write(true);
    attempt(() -> {
      long released = store.release(replicas.epoch());
      LOG.atInfo().addKeyValue("sessions", released).log("Sessions are left to the other replicas");
    });
  }

  @Override
  public void close() {
    thread.interrupt();
    write(false);
  }
}
