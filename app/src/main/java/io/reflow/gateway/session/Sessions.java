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
  private static final Duration EVICTABLE_AFTER = Duration.ofMinutes(1);

  private final Map<String, Session> sessions = new ConcurrentHashMap<>();
  private final Set<Session> calls = ConcurrentHashMap.newKeySet();
  private final Map<UserId, AtomicInteger> inFlight = new ConcurrentHashMap<>();
  private final List<Consumer<Session>> listeners = new CopyOnWriteArrayList<>();
  private final ReentrantLock opening = new ReentrantLock();
  private final SessionConfig config;
  private final InstantSource clock;

  public Sessions(SessionConfig config, InstantSource clock) {
    this.config = config;
    this.clock = clock;
  }

  /// `listener` hears of every session that has ended. It must not block.
  public void onEnd(Consumer<Session> listener) {
    listeners.add(listener);
  }

  /// Opens a session. Where the user has as many as allowed, the one that has been idle longest
  /// makes room.
  ///
  /// @throws Overloaded when all of the user's sessions are in use
  public Session open(
      Identity owner,
      ProtocolVersion version,
      Session.Client client,
      ClientCapabilities capabilities,
      Optional<String> target) {
    Instant now = clock.instant();
    AtomicInteger underWay = inFlight.computeIfAbsent(owner.user(), _ -> new AtomicInteger());
    var session =
        new Session(
            SessionId.next(),
            owner,
            version,
            client,
            capabilities,
            Optional.of(LogLevel.INFO),
            target,
            underWay,
            calls,
            clock);
    opening.lock();
    try {
      makeRoom(owner.user(), now);
      sessions.put(session.id().value(), session);
    } finally {
      opening.unlock();
    }
    return session;
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
    AtomicInteger underWay = inFlight.computeIfAbsent(owner.user(), _ -> new AtomicInteger());
    return new Session(
        SessionId.NONE,
        owner,
        version,
        client,
        capabilities,
        logLevel,
        target,
        underWay,
        calls,
        clock);
  }

  private void makeRoom(UserId user, Instant now) {
    List<Session> own = of(user);
    if (own.size() < config.maxPerUser()) {
      return;
    }
    Session oldest =
        own.stream()
            .filter(session -> !session.inUse())
            .min(Comparator.comparing(Session::lastUsed))
            .filter(session -> session.lastUsed().plus(EVICTABLE_AFTER).isBefore(now))
            .orElseThrow(() ->
                new Overloaded(
                    "you have %d sessions open, which is the limit".formatted(own.size()),
                    EVICTABLE_AFTER));
    end(oldest);
  }

  /// The caller's session of that id. One whose owner's role or groups have changed since is ended:
  /// the client must open another, so that nothing of the old rights lives on.
  public Optional<Session> find(String id, Identity caller, Optional<String> target) {
    Session session = sessions.get(id);
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
      listeners.forEach(listener -> listener.accept(session));
    }
  }

  /// Ends all sessions of a user and tells how many there were.
  public int endAll(UserId user) {
    List<Session> own = withCalls(user);
    own.forEach(this::end);
    return own.size();
  }

  private List<Session> withCalls(UserId user) {
    return Stream.concat(of(user).stream(), callsOf(user).stream()).toList();
  }

  /// Ends the sessions of a user whose role or groups are no longer those they were opened with, or
  /// who is gone.
  public void endUnlessUnchanged(UserId user, Optional<Identity> now) {
    withCalls(user).stream()
        .filter(session -> now.filter(session::matches).isEmpty())
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
