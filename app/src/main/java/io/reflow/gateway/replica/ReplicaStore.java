package io.reflow.gateway.replica;

import static io.reflow.gateway.database.Columns.number;
import static io.reflow.gateway.database.Columns.optionalText;
import static io.reflow.gateway.database.Columns.uuid;

import io.helidon.dbclient.DbRow;
import io.reflow.gateway.database.Database;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// The table `replica`. All times are those of the database's clock.
public final class ReplicaStore {

  private final Database database;

  public ReplicaStore(Database database) {
    this.database = database;
  }

  /// Begins a new life of a replica, in place of the one before, and gives its epoch.
  long register(UUID id, Optional<URI> address) {
    return database.run(db ->
        number(
            db.createGet(
                    """
                    insert into replica (id, epoch, address)
                    values (:id, nextval('replica_epoch'), nullif(:address, ''))
                    on conflict (id) do update set epoch = excluded.epoch,
                      address = excluded.address, started_at = now(), heartbeat_at = now()
                    returning epoch
                    """)
                .addParam("id", id)
                .addParam("address", address.map(URI::toString).orElse(""))
                .execute()
                .orElseThrow(),
            "epoch"));
  }

  /// Says where the others reach it from now on.
  void announce(long epoch, URI address) {
    long _ =
        database.run(db ->
            db.createUpdate("update replica set address = :address where epoch = :epoch")
                .addParam("address", address.toString())
                .addParam("epoch", epoch)
                .execute());
  }

  /// Says that it lives, and tells for how long it had not been heard; empty if that life is over
  /// for the others.
  Optional<Duration> beat(long epoch) {
    return database.run(db ->
        db.createGet(
                """
                update replica r set heartbeat_at = now()
                from (select epoch, heartbeat_at from replica where epoch = :epoch for update) old
                where r.epoch = old.epoch
                returning ceil(extract(epoch from now() - old.heartbeat_at) * 1000) as silence
                """)
            .addParam("epoch", epoch)
            .execute()
            .map(row -> Duration.ofMillis(number(row, "silence"))));
  }

  /// Those that were heard of within `deadAfter`.
  List<Replica> living(Duration deadAfter) {
    return database.run(db ->
        db.createQuery(
                """
                select id, epoch, address from replica
                where heartbeat_at > now() - make_interval(secs => :seconds)
                """)
            .addParam("seconds", deadAfter.toMillis() / 1000.0)
            .execute()
            .map(ReplicaStore::replica)
            .toList());
  }

  /// Ends a life: nobody has to wait until it counts as dead.
  void remove(long epoch) {
    long _ =
        database.run(db ->
            db.createDelete("delete from replica where epoch = :epoch")
                .addParam("epoch", epoch)
                .execute());
  }

  /// Takes out what was not heard of for so long that it won't come back.
  void removeOlderThan(Duration age) {
    long _ =
        database.run(db ->
            db.createDelete(
                    """
                    delete from replica
                    where heartbeat_at < now() - make_interval(secs => :seconds)
                    """)
                .addParam("seconds", age.toMillis() / 1000.0)
                .execute());
  }

  private static Replica replica(DbRow row) {
    return new Replica(
        uuid(row, "id"), number(row, "epoch"), optionalText(row, "address").map(URI::create));
  }
}
