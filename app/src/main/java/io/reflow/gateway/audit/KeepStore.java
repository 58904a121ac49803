package io.reflow.gateway.audit;

import io.reflow.gateway.database.Database;
import io.reflow.gateway.database.PlainSql;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/// What is done to the audit log in the background, each within one transaction and by one replica
/// at a time.
final class KeepStore {

  /// What a statement may wait for others: not for long, since whoever comes later waits behind it.
  private static final String LOCK_TIMEOUT = "set local lock_timeout = '3s'";

  private static final String MOVED =
      """
      select c.replica, c.position, c.mac, coalesce(before.position, 0)
      from audit_chain c
      left join lateral (
        select position from audit_checkpoint_head h
        where h.replica = c.replica order by number desc limit 1) before on true
      where c.position is distinct from before.position
      order by c.replica
      """;

  private static final String PARTITIONS =
      """
      select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = cast('audit_log' as regclass) and c.relname ~ '^audit_log_[0-9]{4}_[0-9]{2}$'
        and c.relname < ? order by c.relname
      """;

  private final PlainSql sql;

  private KeepStore(PlainSql sql) {
    this.sql = sql;
  }

  /// Does the work unless another replica is at it.
  static <T> Optional<T> alone(Database database, String what, Function<KeepStore, T> work) {
    return database.plain(sql -> {
      boolean mine =
          sql.first(
                  "select pg_try_advisory_xact_lock(hashtext(?))",
                  row -> row.getBoolean(1),
                  "reflow_audit_" + what)
              .orElse(false);
      if (!mine) {
        return Optional.empty();
      }
      sql.allow(ChainStore.LONGEST_STATEMENT);
      int _ = sql.change(LOCK_TIMEOUT);
      return Optional.of(work.apply(new KeepStore(sql)));
    });
  }

  /// The chains, read in the same transaction.
  ChainStore chains() {
    return new ChainStore(sql);
  }

  /// The newest checkpoint, and the one before it as far as it is there.
  List<Checkpoint> newest() {
    long number =
        sql.first(
                "select number from audit_checkpoint order by number desc limit 1",
                row -> row.getLong(1))
            .orElse(0L);
    return chains().checkpoints(number - 2, 2);
  }

  /// A chain that has moved since the last checkpoint that names it.
  record Moved(Checkpoint.End end, long before) {}

  List<Moved> moved() {
    return sql.list(
        MOVED,
        row ->
            new Moved(
                new Checkpoint.End(
                    PlainSql.uuid(row, 1), new ChainHead(row.getLong(2), row.getBytes(3))),
                row.getLong(4)));
  }

  void add(Checkpoint checkpoint) {
    int _ =
        sql.change(
            "insert into audit_checkpoint (number, time, replica, signature) values (?, ?, ?, ?)",
            checkpoint.id().number(),
            checkpoint.time(),
            checkpoint.replica(),
            checkpoint.id().signature());
    for (Checkpoint.End end : checkpoint.ends()) {
      int _ =
          sql.change(
              "insert into audit_checkpoint_head (number, replica, position, mac)"
                  + " values (?, ?, ?, ?)",
              checkpoint.id().number(),
              end.replica(),
              end.head().position(),
              end.head().mac());
    }
  }

  /// The months that are over before that moment, as the tables that hold their rows.
  List<String> monthsBefore(Instant month) {
    String first = "audit_log_" + month.toString().substring(0, 7).replace('-', '_');
    return sql.list(PARTITIONS, row -> row.getString(1), first);
  }

  boolean anyByDefaultBefore(Instant moment) {
    return sql.first("select true from audit_log_default where time < ? limit 1", _ -> true, moment)
        .isPresent();
  }

  /// The last checkpoint before that moment, unless it is the newest of all.
  Optional<CheckpointId> lastCheckpointBefore(Instant moment) {
    return sql.first(
        """
        select number, signature from audit_checkpoint
        where number < (select min(number) from audit_checkpoint where time >= ?)
        order by number desc limit 1
        """,
        row -> new CheckpointId(row.getLong(1), row.getBytes(2)),
        moment);
  }

  void dropRows(List<String> months, Instant before) {
    for (String month : months) {
      int _ = sql.change("drop table " + month);
    }
    int _ = sql.change("delete from audit_log_default where time < ?", before);
  }

  void dropCheckpoints(CheckpointId last) {
    int _ = sql.change("delete from audit_checkpoint where number <= ?", last.number());
  }

  /// Puts what was taken of a chain, or of the checkpoints, in the place of what was noted before.
  void note(Optional<UUID> replica, List<DroppedRun> runs) {
    int _ = sql.change("delete from audit_dropped where replica is not distinct from ?", replica);
    for (DroppedRun run : runs) {
      int _ =
          sql.change(
              "insert into audit_dropped"
                  + " (replica, first_position, last_position, last_mac, signature)"
                  + " values (?, ?, ?, ?, ?)",
              run.replica(),
              run.first(),
              run.last().position(),
              run.last().mac(),
              run.seal().bytes());
    }
  }
}
