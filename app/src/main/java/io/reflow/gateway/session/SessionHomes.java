package io.reflow.gateway.session;

import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.replica.Replica;
import io.reflow.gateway.replica.Replicas;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;

/// Finds the replica that has a session which is not in this one's memory.
public final class SessionHomes {

  private static final int MOST_KNOWN = 50_000;

  private final SessionIds ids;
  private final SessionStore store;
  private final Replicas replicas;
  private final Outage outage;

  /// The epochs of owners, where they are not those that opened the session.
  private final Map<String, Long> moved = new ConcurrentHashMap<>();

  SessionHomes(SessionIds ids, SessionStore store, Replicas replicas, Outage outage) {
    this.ids = ids;
    this.store = store;
    this.replicas = replicas;
    this.outage = outage;
  }

  /// Where it probably is: found without the database as long as the replica that opened it, or had
  /// it when last asked, lives. Who is not its home says so, then [#lookUp] knows.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.Unavailable when the database has to be asked
  ///   and can't be
  public Home guess(String id, UserId user) {
    OptionalLong opener = ids.epochOf(id);
    if (opener.isEmpty()) {
      return new Home.Here();
    }
    long epoch = moved.getOrDefault(SessionIds.digest(id), opener.getAsLong());
    Optional<Replica> home = replicas.find(epoch);
    return home.isPresent() ? new Home.At(home.get()) : lookUp(id, user);
  }

  /// Where it is, as the database says.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.Unavailable when the database is away
  public Home lookUp(String id, UserId user) {
    if (ids.epochOf(id).isEmpty()) {
      return new Home.Here();
    }
    String digest = SessionIds.digest(id);
    var owner = outage.ask(() -> store.owner(digest, user, replicas.deadAfter()));
    Optional<Replica> replica =
        owner.flatMap(SessionStore.Owner::replica).filter(it -> it.epoch() != replicas.epoch());
    if (replica.isEmpty()) {
      moved.remove(digest);
      return new Home.Here();
    }
    if (!owner.get().alive()) {
      return replicas.mayJudge() ? new Home.Here() : new Home.Silent();
    }
    if (replica.get().address().isEmpty()) {
      return new Home.Here();
    }
    if (moved.size() >= MOST_KNOWN) {
      moved.clear();
    }
    moved.put(digest, replica.get().epoch());
    return new Home.At(replica.get());
  }
}
