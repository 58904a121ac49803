package io.reflow.gateway.session;

import io.reflow.gateway.config.SessionConfig;
import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.ProtocolVersion;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// The sessions of this replica. Found only by the user that opened them, with the role and groups
/// that they were opened with, on the path they began on: for everybody else they do not exist.
public final class Sessions {

  /// A session younger than this is never ended to make room for another one.
  static final Duration EVICTABLE_AFTER = Duration.ofMinutes(1);

  private final Map<String, Session> sessions = new ConcurrentHashMap<>();
  private final Set<Session> calls = ConcurrentHashMap.newKeySet();
  private final Map<UserId, AtomicInteger> inFlight = new ConcurrentHashMap<>();
  private final List<Consumer<Session>> listeners = new CopyOnWriteArrayList<>();
  private final List<Consumer<Session>> openListeners = new CopyOnWriteArrayList<>();
  private final List<Consumer<UserId>> recycleListeners = new CopyOnWriteArrayList<>();
  private final ReentrantLock opening = new ReentrantLock();
  private final SessionConfig config;
  private final InstantSource clock;
  private final SessionRecords records;

  /// Sessions that end with this process.
  public Sessions(SessionConfig config, InstantSource clock) {
    this(config, clock, SessionRecords.NONE);
  }

  public Sessions(SessionConfig config, InstantSource clock, SessionRecords records) {
    this.config = config;
    this.clock = clock;
    this.records = records;
  }

  /// `listener` hears of every session that has ended. It must not block.
  public void onEnd(Consumer<Session> listener) {
    listeners.add(listener);
  }

  /// `listener` hears of every session that is opened here, or goes on here. It must not block.
  public void onOpen(Consumer<Session> listener) {
    openListeners.add(listener);
  }

  /// `listener` hears of every user whose sessions were all ended to begin anew. It must not block.
  public void onRecycle(Consumer<UserId> listener) {
    recycleListeners.add(listener);
  }

  /// Opens a session. Where the user has as many as allowed, on all replicas together, the one that
  /// has been idle longest makes room.
  ///
  /// @throws Overloaded when all of the user's sessions are in use
  /// @throws io.reflow.gateway.fault.GatewayException.Unavailable when it can't be recorded
  public Session open(
      Identity owner,
      ProtocolVersion version,
      Session.Client client,
      ClientCapabilities capabilities,
      Optional<String> target) {
    var session =
        new Session(
            records.newId(),
            owner,
            version,
            client,
            capabilities,
            Optional.of(LogLevel.INFO),
            target,
            underWay(owner.user()),
            calls,
            clock.instant(),
            clock);
    makeRoom(owner.user());
    record(session);
    try {
      return put(session);
    } catch (Overloaded e) {
      records.ended(session);
      throw e;
    }
  }

  /// What has been idle here for a moment only makes room too; no other replica can know of it.
  private void record(Session session) {
    try {
      records.opened(session);
    } catch (Overloaded full) {
      if (!endOldest(session.owner().user())) {
        throw full;
      }
      records.opened(session);
    }
  }

  /// Goes on with a session that was opened in an earlier life or elsewhere.
  private Optional<Session> goOn(String id, Identity caller, Optional<String> target) {
    return records
        .claim(id, caller.user(), target)
        .map(record -> {
          var owner = new Identity(caller.user(), caller.email(), record.role(), record.groups());
          var session =
              new Session(
                  new SessionId(id),
                  owner,
                  record.version(),
                  record.client(),
                  record.capabilities(),
                  Optional.of(record.logLevel()),
                  target,
                  underWay(caller.user()),
                  calls,
                  clock.instant().minus(record.age()),
                  clock);
          if (!record.subscriptions().isEmpty()) {
            session.conversation().feeds().lose(record.subscriptions());
          }
          return put(session);
        });
  }

  private AtomicInteger underWay(UserId user) {
    return inFlight.computeIfAbsent(user, _ -> new AtomicInteger());
  }

  /// Of two requests that go on with a session at once, both get the one that is there first.
  private Session put(Session session) {
    opening.lock();
    try {
      makeRoom(session.owner().user());
      Session present = sessions.putIfAbsent(session.id().value(), session);
      if (present != null) {
        return present;
      }
      openListeners.forEach(listener -> listener.accept(session));
      return session;
    } finally {
      opening.unlock();
    }
  }

  /// What one request of the stateless era is part of. It can't be found by an id, and counts while
  /// its request is under way.
  public Session single(
      Identity owner,
      ProtocolVersion version,
      Session.Client client,
      ClientCapabilities capabilities,
      Optional<LogLevel> logLevel,
      Optional<String> target) {
    return new Session(
        SessionId.NONE,
        owner,
        version,
        client,
        capabilities,
        logLevel,
        target,
        underWay(owner.user()),
        calls,
        clock.instant(),
        clock);
  }

  private void makeRoom(UserId user) {
    opening.lock();
    try {
      int open = of(user).size();
      if (open >= config.maxPerUser() && !endOldest(user)) {
        throw new Overloaded(
            "you have %d sessions open, which is the limit".formatted(open), EVICTABLE_AFTER);
      }
    } finally {
      opening.unlock();
    }
  }

  /// Ends the session of a user that has been idle longest; false where all are in use.
  private boolean endOldest(UserId user) {
    Instant now = clock.instant();
    Optional<Session> oldest =
        of(user).stream()
            .filter(session -> !session.inUse())
            .min(Comparator.comparing(Session::lastUsed))
            .filter(session -> session.lastUsed().plus(EVICTABLE_AFTER).isBefore(now));
    oldest.ifPresent(this::end);
    return oldest.isPresent();
  }

  /// The caller's session of that id. One whose owner's role or groups have changed since is ended:
  /// the client must open another, so that nothing of the old rights lives on.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.Unavailable when it is not in memory, and the
  ///   database that may know it is away
  public Optional<Session> find(String id, Identity caller, Optional<String> target) {
    Session session = sessions.get(id);
    if (session == null) {
      session = goOn(id, caller, target).orElse(null);
    }
    if (session == null
        || !session.owner().user().equals(caller.user())
        || !session.target().equals(target)) {
      return Optional.empty();
    }
    Instant now = clock.instant();
    if (!session.matches(caller) || expired(session, now)) {
      end(session);
      return Optional.empty();
    }
    session.touch();
    return Optional.of(session);
  }

  /// An id that tells every replica where to find what it names.
  SessionId newId() {
    return records.newId();
  }

  /// Whether a session of that id is in memory.
  public boolean holds(String id) {
    return sessions.containsKey(id);
  }

  private boolean expired(Session session, Instant now) {
    boolean idle = !session.inUse() && session.lastUsed().plus(config.timeout()).isBefore(now);
    return idle || session.openedAt().plus(config.maxLifetime()).isBefore(now);
  }

  /// Ends a session; its requests under way are cancelled. Idempotent.
  public void end(Session session) {
    if (session.stateless()) {
      session.end();
    } else if (sessions.remove(session.id().value()) != null) {
      session.end();
      records.ended(session);
      listeners.forEach(listener -> listener.accept(session));
    }
  }

  /// Ends all sessions of a user, with all that runs for this user alone, and tells how many
  /// sessions there were.
  public int endAll(UserId user) {
    List<Session> own = withCalls(user);
    own.forEach(this::end);
    recycleListeners.forEach(listener -> listener.accept(user));
    return own.size();
  }

  /// Ends what is under way of a user in the stateless era.
  void endCalls(UserId user) {
    callsOf(user).forEach(this::end);
  }

  private List<Session> withCalls(UserId user) {
    return Stream.concat(of(user).stream(), callsOf(user).stream()).toList();
  }

  /// Ends the sessions of a user whose role or groups are no longer those they were opened with.
  /// What is under way in the stateless era goes on as far as the new rules allow it, unless the
  /// user is gone.
  public void endUnlessUnchanged(UserId user, Optional<Identity> now) {
    withCalls(user).stream()
        .filter(session -> now.filter(session::holdsFor).isEmpty())
        .forEach(this::end);
  }

  /// Ends the requests under way whose callers may no longer have the answer.
  public void recheck() {
    sessions.values().forEach(Session::recheck);
    calls.forEach(Session::recheck);
  }

  /// Ends what has been idle or open for too long.
  public void expire() {
    Instant now = clock.instant();
    endWhere(session -> expired(session, now));
  }

  private void endWhere(Predicate<Session> condition) {
    sessions.values().stream().filter(condition).toList().forEach(this::end);
  }

  public List<Session> of(UserId user) {
    return sessions.values().stream()
        .filter(session -> session.owner().user().equals(user))
        .toList();
  }

  public Collection<Session> all() {
    return List.copyOf(sessions.values());
  }

  /// What is under way of a user in the stateless era.
  public List<Session> callsOf(UserId user) {
    return calls.stream().filter(call -> call.owner().user().equals(user)).toList();
  }

  /// What is under way in the stateless era.
  public Collection<Session> calls() {
    return List.copyOf(calls);
  }
}
