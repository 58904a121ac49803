package io.reflow.gateway.audit;

import io.helidon.dbclient.DbRow;
import io.helidon.dbclient.DbStatementQuery;
import io.reflow.gateway.database.Columns;
import io.reflow.gateway.database.Database;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.target.TargetId;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/// The audit log in PostgreSQL.
final class AuditStore {

  private static final String COPY =
      "copy audit_log (%s) from stdin (format binary)".formatted(CopyRows.COLUMNS);

  private static final String KNOWN =
      """
      select sequence from audit_log
      join unnest(cast(? as timestamptz[]), cast(? as bigint[])) as sent (time, sequence)
        using (time, sequence)
      where replica = cast(? as uuid)
      """;

  private static final String ADVANCE =
      """
      insert into audit_chain (replica, position, mac) values (?, ?, ?)
      on conflict (replica) do update
        set position = excluded.position, mac = excluded.mac, changed_at = now()
      """;

  private static final String HEAD = "select position, mac from audit_chain where replica = ?";

  private final Database database;

  AuditStore(Database database) {
    this.database = database;
  }

  /// Adds rows, and where their chain has come to with them.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.Conflict when one of them is there already
  void append(UUID replica, CopyRows.Sealed rows) {
    int _ =
        database.plain(sql -> {
          sql.copyIn(COPY, rows.bytes());
          return sql.change(ADVANCE, replica, rows.head().position(), rows.head().mac());
        });
  }

  /// Where a chain has come to.
  Optional<ChainHead> head(UUID replica) {
    return database.plain(
        sql -> sql.first(HEAD, row -> new ChainHead(row.getLong(1), row.getBytes(2)), replica));
  }

  /// The rows that are not there yet, each once.
  List<JournalRow> missing(UUID replica, List<JournalRow> rows) {
    String[] times = rows.stream().map(row -> row.time().toString()).toArray(String[]::new);
    Long[] sequences = rows.stream().map(JournalRow::sequence).toArray(Long[]::new);
    Set<Long> known =
        database.run(db ->
            db.createQuery(KNOWN)
                .addParam(times)
                .addParam(sequences)
                .addParam(replica)
                .execute()
                .map(row -> Columns.number(row, "sequence"))
                .collect(Collectors.toCollection(HashSet::new)));
    return rows.stream().filter(row -> known.add(row.sequence())).toList();
  }

  /// Makes room for the rows of a month.
  void prepareMonth(LocalDate anyDay) {
    long _ =
        database.run(db ->
            db.createQuery("select cast(reflow_add_audit_partition(cast(? as date)) as text)")
                .addParam(anyDay.toString())
                .execute()
                .count());
  }

  /// Rows as the query wants them, newest first.
  List<Found> find(AuditQuery query) {
    Map<String, Object> parameters = new LinkedHashMap<>();
    String sql = sql(query, parameters);
    return database.run(db -> {
      DbStatementQuery statement = db.createQuery(sql);
      parameters.forEach(statement::addParam);
      return statement.execute().map(AuditStore::read).toList();
    });
  }

  /// A row and its place in the order.
  record Found(AuditCursor cursor, AuditRow row) {}

  private static String sql(AuditQuery query, Map<String, Object> parameters) {
    List<String> conditions = new ArrayList<>(List.of("true"));
    query.user().ifPresent(user -> equal("user_id", user.value(), conditions, parameters));
    query.target().ifPresent(target -> equal("target_name", target, conditions, parameters));
    query.targetId().ifPresent(id -> equal("target_id", id.value(), conditions, parameters));
    query.method().ifPresent(method -> equal("method", method, conditions, parameters));
    if (query.denialsHidden()) {
      withoutDenials(query, conditions, parameters);
    } else {
      query
          .outcome()
          .ifPresent(outcome -> equal("outcome", outcome.wireName(), conditions, parameters));
    }
    query
        .from()
        .ifPresent(from -> {
          conditions.add("time >= :from_time");
          parameters.put("from_time", Columns.parameter(from));
        });
    query
        .to()
        .ifPresent(to -> {
          conditions.add("time < :to_time");
          parameters.put("to_time", Columns.parameter(to));
        });
    query
        .after()
        .ifPresent(after -> {
          conditions.add(
              "(time, replica, sequence) < (:after_time, cast(:after_replica as uuid),"
                  + " :after_sequence)");
          // Partitions are left out by this only.
          conditions.add("time <= :after_time");
          parameters.put("after_time", Columns.parameter(after.time()));
          parameters.put("after_replica", after.replica());
          parameters.put("after_sequence", after.sequence());
        });
    parameters.put("rows", query.limit());
    parameters.put("skipped", query.offset());
    return "select * from audit_log where "
        + String.join(" and ", conditions)
        + " order by time desc, replica desc, sequence desc limit :rows offset :skipped";
  }

  private static void withoutDenials(
      AuditQuery query, List<String> conditions, Map<String, Object> parameters) {
    if (query.target().isPresent() || query.targetId().isPresent()) {
      conditions.add("outcome <> 'denied'");
    }
    query
        .outcome()
        .ifPresent(outcome -> {
          conditions.add("case outcome when 'denied' then 'failed' else outcome end = :outcome");
          parameters.put("outcome", outcome.wireName());
        });
  }

  private static void equal(
      String column, Object value, List<String> conditions, Map<String, Object> parameters) {
    conditions.add("%1$s = :%1$s".formatted(column));
    parameters.put(column, value);
  }

  private static Found read(DbRow row) {
    var intent =
        new AuditIntent(
            Columns.instant(row, "time"),
            Columns.optionalUuid(row, "user_id").map(UserId::new),
            Columns.optionalText(row, "user_email"),
            Columns.optionalText(row, "session_id"),
            Columns.optionalText(row, "client_name"),
            Columns.optionalText(row, "client_version"),
            Columns.optionalText(row, "protocol_version"),
            Columns.text(row, "method"),
            Columns.optionalUuid(row, "target_id").map(TargetId::new),
            Columns.optionalText(row, "target_name"),
            Columns.optionalText(row, "feature_kind"),
            Columns.optionalText(row, "feature_name"),
            Columns.optionalText(row, "policy"),
            Columns.optionalNumber(row, "request_bytes").orElse(0L),
            Columns.optionalText(row, "credential_scope"),
            Columns.optionalText(row, "arguments_digest"),
            Columns.optionalText(row, "trace_id"),
            Columns.optionalText(row, "arguments"));
    var entry =
        new AuditEntry(
            intent,
            AuditOutcome.find(Columns.text(row, "outcome")).orElse(AuditOutcome.FAILED),
            narrowed(Columns.optionalNumber(row, "error_code")),
            Columns.optionalText(row, "reason"),
            duration(row, "duration_us"),
            duration(row, "upstream_us"),
            Columns.optionalNumber(row, "answer_bytes").orElse(0L),
            Columns.optionalText(row, "answer"));
    long sequence = Columns.number(row, "sequence");
    return new Found(
        new AuditCursor(intent.time(), Columns.uuid(row, "replica"), sequence),
        new AuditRow(sequence, entry));
  }

  private static Duration duration(DbRow row, String column) {
    return Duration.ofNanos(Columns.optionalNumber(row, column).orElse(0L) * 1_000);
  }

  private static OptionalInt narrowed(Optional<Long> number) {
    return number.isPresent() ? OptionalInt.of(number.get().intValue()) : OptionalInt.empty();
  }
}
