package io.reflow.gateway.session;

import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.replica.Replicas;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Sessions in PostgreSQL: opened and claimed while the client waits, everything else written by
/// [SessionWriter].
public final class SavedSessions implements SessionRecords {

  private final SessionIds ids;
  private final SessionStore store;
  private final Replicas replicas;
  private final Outage outage = new Outage();

  /// What the record of a session in memory says, as far as it can change.
  private final Map<Session, LogLevel> written = new ConcurrentHashMap<>();

  /// Over, but maybe still recorded.
  private final Set<String> ending = ConcurrentHashMap.newKeySet();

  /// @param key the same on every replica
  public SavedSessions(byte[] key, SessionStore store, Replicas replicas) {
    this.ids = new SessionIds(key);
    this.store = store;
    this.replicas = replicas;
  }

  /// Says where sessions are that this replica does not have.
  public SessionHomes homes() {
    return new SessionHomes(ids, store, replicas, outage);
  }

  @Override
  public SessionId newId() {
    return ids.next(replicas.epoch());
  }

  @Override
  public void opened(Session session) {
    store.insert(digest(session), session, replicas.epoch());
    written.put(session, level(session));
  }

  @Override
  public void ended(Session session) {
    written.remove(session);
    ending.add(digest(session));
  }

  @Override
  public Optional<SessionRecord> claim(String id, UserId user, Optional<String> target) {
    if (ids.epochOf(id).isEmpty()) {
      return Optional.empty();
    }
    String digest = SessionIds.digest(id);
    if (ending.contains(digest)) {
      return Optional.empty();
    }
    return outage.ask(() ->
        store.claim(
            digest, user, target, replicas.epoch(), replicas.mayJudge(), replicas.deadAfter()));
  }

  /// Sessions of this era always have one.
  static LogLevel level(Session session) {
    return session.logLevel().orElse(LogLevel.INFO);
  }

  static String digest(Session session) {
    return SessionIds.digest(session.id().value());
  }

  Map<Session, LogLevel> written() {
    return written;
  }

  Set<String> ending() {
    return ending;
  }
}
