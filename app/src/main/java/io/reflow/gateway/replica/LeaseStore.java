package io.reflow.gateway.replica;

import static io.reflow.gateway.database.Columns.number;
import static io.reflow.gateway.database.Columns.optionalText;
import static io.reflow.gateway.database.Columns.uuid;

import io.helidon.dbclient.DbExecute;
import io.reflow.gateway.database.Database;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.target.TargetId;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/// The table `upstream_lease`. All times are those of the database's clock.
public final class LeaseStore {

  private final Database database;

  public LeaseStore(Database database) {
    this.database = database;
  }

  /// Takes the lease for `owner` if nobody has it: its holder is no more. A replica that is only
  /// silent counts as no more where `judge` is set and it was for `deadAfter`.
  ///
  /// @return whether it was taken
  boolean take(TargetId target, UserId user, long owner, boolean judge, Duration deadAfter) {
    return database.run(db ->
        db.createInsert(
                    """
                    insert into upstream_lease (target_id, user_id, owner)
                    values (:target, :user, :owner)
                    on conflict (target_id, user_id) do update set owner = excluded.owner
                    where not exists (
                      select 1 from replica r where r.epoch = upstream_lease.owner
                        and (not :judge
                          or r.heartbeat_at > now() - make_interval(secs => :dead)))
                    """)
                .addParam("target", target.value())
                .addParam("user", user.value())
                .addParam("owner", owner)
                .addParam("judge", judge)
                .addParam("dead", deadAfter.toMillis() / 1000.0)
                .execute()
            > 0);
  }

  /// Who has the lease; empty where nobody has, or its holder is no more.
  Optional<Replica> holder(TargetId target, UserId user) {
    return database.run(db -> holder(db, target, user));
  }

  private static Optional<Replica> holder(DbExecute db, TargetId target, UserId user) {
    return db.createGet(
            """
            select r.id, r.epoch, r.address
            from upstream_lease l join replica r on r.epoch = l.owner
            where l.target_id = :target and l.user_id = :user
            """)
        .addParam("target", target.value())
        .addParam("user", user.value())
        .execute()
        .map(row ->
            new Replica(
                uuid(row, "id"),
                number(row, "epoch"),
                optionalText(row, "address").map(URI::create)));
  }

  /// Gives up all leases of an owner.
  void release(long owner) {
    long _ =
        database.run(db ->
            db.createDelete("delete from upstream_lease where owner = :owner")
                .addParam("owner", owner)
                .execute());
  }
}
