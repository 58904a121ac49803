package io.reflow.gateway.session;

import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.replica.Replicas;
import io.reflow.gateway.session.SessionStore.Changing;
import java.util.Collection;
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
  private final Map<Session, Changing> written = new ConcurrentHashMap<>();

  /// Over, but maybe still recorded.
  private final Set<String> ending = ConcurrentHashMap.newKeySet();

  /// @param keys the same on every replica; the first one makes ids, each knows its own
  public SavedSessions(Collection<byte[]> keys, SessionStore store, Replicas replicas) {
    this.ids = new SessionIds(keys);
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
    store.insert(digest(session), session, replicas.epoch(), Set.copyOf(ending));
    written.put(session, Changing.of(session));
  }

  /// How many ended sessions still have a record.
  public int endingCount() {
    return ending.size();
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

  static String digest(Session session) {
    return SessionIds.digest(session.id().value());
  }

  Map<Session, Changing> written() {
    return written;
  }

  Set<String> ending() {
    return ending;
  }
}
