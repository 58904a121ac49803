package io.reflow.gateway.audit;

import io.reflow.gateway.database.Database;
import io.reflow.gateway.database.PlainSql;
import java.nio.ByteBuffer;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;

/// The chains as they are in the database, read within one transaction. The rows come in the very
/// bytes that were sealed.
final class ChainStore {

  static final Duration LONGEST_STATEMENT = Duration.ofMinutes(10);

  /// Before the first row of what COPY writes.
  private static final int COPY_HEAD = 19;

  private static final String EXTENTS =
      """
      select replica,
        coalesce(min(chain_position) filter (where chain_position > 0), 0),
        coalesce(max(chain_position), 0),
        count(*) filter (where chain_position is null or chain_position < 1),
        min(time) filter (where chain_position is null or chain_position < 1)
      from audit_log
      where time >= coalesce(?, timestamptz '-infinity')
        and time < coalesce(?, timestamptz 'infinity')
      group by replica order by replica
      """;

  private static final String ENDS =
      """
      select replica, position, mac, number from audit_checkpoint_head
      where number in
        (select number from audit_checkpoint where number > ? order by number limit ?)
      """;

  private static final String CHECKPOINTS =
      """
      select number, signature, time, replica from audit_checkpoint
      where number > ? order by number limit ?
      """;

  private static final String DROPPED =
      """
      select replica, first_position, last_position, last_mac, signature
      from audit_dropped order by replica, first_position
      """;

  private final PlainSql sql;

  ChainStore(PlainSql sql) {
    this.sql = sql;
  }

  /// Reads as everything is at one moment.
  static <T> T atOnce(Database database, Function<ChainStore, T> work) {
    return database.plain(sql -> {
      sql.allow(LONGEST_STATEMENT);
      int _ = sql.change("set transaction isolation level repeatable read, read only");
      return work.apply(new ChainStore(sql));
    });
  }

  /// What there is of a chain among the rows of a time.
  ///
  /// @param first the first place in the chain
  /// @param unchained how many rows have no place in it, the oldest being `since`
  record Extent(UUID replica, long first, long last, long unchained, Optional<Instant> since) {}

  List<Extent> extents(Optional<Instant> from, Optional<Instant> to) {
    return sql.list(
        EXTENTS,
        row ->
            new Extent(
                PlainSql.uuid(row, 1),
                row.getLong(2),
                row.getLong(3),
                row.getLong(4),
                Optional.ofNullable(row.getTimestamp(5)).map(Timestamp::toInstant)),
        from,
        to);
  }

  /// How far each chain has come, as it was written together with its rows.
  Map<UUID, ChainHead> heads() {
    Map<UUID, ChainHead> heads = new LinkedHashMap<>();
    sql.list("select replica, position, mac from audit_chain order by replica", ChainStore::end)
        .forEach(end -> heads.put(end.replica(), end.head()));
    return heads;
  }

  /// The seal that a row has.
  Optional<byte[]> mac(UUID replica, long position) {
    return sql.first(
        """
        select chain_mac from audit_log
        where replica = ? and chain_position = ? and chain_mac is not null limit 1
        """,
        row -> row.getBytes(1),
        replica,
        position);
  }

  /// The checkpoints behind that number, in order.
  List<Checkpoint> checkpoints(long after, int limit) {
    Map<Long, List<Checkpoint.End>> ends = new HashMap<>();
    sql.list(ENDS, row -> Map.entry(row.getLong(4), end(row)), after, limit)
        .forEach(each ->
            ends.computeIfAbsent(each.getKey(), _ -> new ArrayList<>()).add(each.getValue()));
    return sql.list(
        CHECKPOINTS,
        row ->
            new Checkpoint(
                new CheckpointId(row.getLong(1), row.getBytes(2)),
                PlainSql.instant(row, 3),
                PlainSql.uuid(row, 4),
                ends.getOrDefault(row.getLong(1), List.of())),
        after,
        limit);
  }

  /// What retention has taken away.
  List<DroppedRun> dropped() {
    return sql.list(
        DROPPED,
        row ->
            new DroppedRun(
                Optional.ofNullable(row.getObject(1, UUID.class)),
                row.getLong(2),
                new ChainHead(row.getLong(3), row.getBytes(4)),
                new ChainSeal(row.getBytes(5))));
  }

  /// Hands over rows of a chain in its order. The consumer may not use this store meanwhile.
  ///
  /// @param after the row that was handed over last
  /// @return how many there were: fewer than the limit when there are no more
  int rows(
      UUID replica,
      long from,
      long to,
      Optional<ChainRow> after,
      int limit,
      Consumer<ChainRow> consumer) {
    String behind =
        after
            .map(last ->
                "(chain_position, sequence, time) > (%d, %d, timestamptz '%s')"
                    .formatted(last.position(), last.sequence(), last.time()))
            .orElse("true");
    var copied = new Copied(consumer);
    sql.copyOut(
        """
        copy (select %s from audit_log
          where replica = '%s' and chain_position between %d and %d and %s
          order by chain_position, sequence, time limit %d) to stdout (format binary)
        """
            .formatted(CopyRows.COLUMNS, replica, from, to, behind, limit),
        copied::take);
    return copied.rows;
  }

  /// Takes apart what COPY writes.
  private static final class Copied {

    private final Consumer<ChainRow> consumer;
    private boolean begun;
    private int rows;

    Copied(Consumer<ChainRow> consumer) {
      this.consumer = consumer;
    }

    void take(byte[] bytes) {
      ByteBuffer message = ByteBuffer.wrap(bytes);
      message.position(begun ? 0 : COPY_HEAD);
      begun = true;
      // At the very end there are two bytes alone.
      while (message.remaining() > Short.BYTES) {
        consumer.accept(ChainRow.read(message));
        rows++;
      }
    }
  }

  private static Checkpoint.End end(ResultSet row) throws SQLException {
    return new Checkpoint.End(
        PlainSql.uuid(row, 1), new ChainHead(row.getLong(2), row.getBytes(3)));
  }
}
