package io.reflow.gateway.mcp.flight;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.reflow.gateway.database.Columns;
import io.reflow.gateway.database.Database;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.protocol.RawJson;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;

/// The table `mrtr_state`: what is too large to travel with the clients, for as long as those may
/// come back, and which rounds of calls that can be made again were answered. All times are those
/// of the database's clock.
public final class StateStore {

  static final int MOST_OF_USER = 20;

  /// As many as there are rounds of all the calls that a user may have suspended.
  private static final int MOST_USED_OF_USER = Flights.MOST_OF_USER * Flight.MOST_ROUNDS;

  private final Database database;
  private final Duration ttl;

  /// @param ttl how long a client may take to come back
  public StateStore(Database database, Duration ttl) {
    this.database = database;
    this.ttl = ttl;
  }

  /// Keeps a state for that user; empty when there are too many of theirs already.
  public Optional<UUID> keep(UserId user, RawJson state) {
    UUID id = UUID.randomUUID();
    long kept =
        database.run(db ->
            db.createInsert(
                    """
                    insert into mrtr_state (id, user_id, state, expires_at)
                    select :id, :user, :state, now() + :seconds * interval '1 second'
                    where (select count(*) from mrtr_state
                           where user_id = :user and state <> '' and expires_at > now()) < :most
                    """)
                .addParam("id", id)
                .addParam("user", user.value())
                .addParam("state", state.toString())
                .addParam("seconds", ttl.toSeconds())
                .addParam("most", MOST_OF_USER)
                .execute());
    return kept > 0 ? Optional.of(id) : Optional.empty();
  }

  /// The state of that id, if it is that user's and has not expired.
  public Optional<RawJson> find(UUID id, UserId user) {
    return database.run(db ->
        db.createGet(
                """
                select state from mrtr_state
                where id = :id and user_id = :user and expires_at > now()
                """)
            .addParam("id", id)
            .addParam("user", user.value())
            .execute()
            .map(row -> RawJson.of(Columns.text(row, "state"))));
  }

  /// Notes, for all replicas, that a round of a suspended call is answered; false when it was
  /// before, or nothing more can be noted for that user. Outlasts the state by far, since the
  /// clocks of the replicas may differ.
  public boolean use(UserId user, String flight, int round) {
    UUID id = UUID.nameUUIDFromBytes((flight + "/" + round).getBytes(US_ASCII));
    long noted =
        database.run(db ->
            db.createInsert(
                    """
                    insert into mrtr_state (id, user_id, state, expires_at)
                    select :id, :user, '', now() + 2 * :seconds * interval '1 second'
                    where (select count(*) from mrtr_state
                           where user_id = :user and state = '' and expires_at > now()) < :most
                    on conflict (id) do nothing
                    """)
                .addParam("id", id)
                .addParam("user", user.value())
                .addParam("seconds", ttl.toSeconds())
                .addParam("most", MOST_USED_OF_USER)
                .execute());
    return noted > 0;
  }

  /// Lets go of what nobody comes back for.
  public void expire() {
    long _ = database.run(db -> db.delete("delete from mrtr_state where expires_at <= now()"));
  }
}
