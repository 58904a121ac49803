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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The audit log in PostgreSQL.
final class AuditStore implements AuditRows {

  private static final String INSERT =
      """
      insert into audit_log (replica, time, sequence, user_id, user_email, session_id,
        client_name, client_version, protocol_version, method, target_id, target_name,
        feature_kind, feature_name, policy, request_bytes, credential_scope, arguments_digest,
        trace_id, outcome, error_code, reason, duration_us, upstream_us, answer_bytes)
      select cast(? as uuid), * from unnest(
        cast(? as timestamptz[]), cast(? as bigint[]), cast(? as uuid[]), cast(? as text[]),
        cast(? as text[]), cast(? as text[]), cast(? as text[]), cast(? as text[]),
        cast(? as text[]), cast(? as uuid[]), cast(? as text[]), cast(? as text[]),
        cast(? as text[]), cast(? as text[]), cast(? as bigint[]), cast(? as text[]),
        cast(? as text[]), cast(? as text[]), cast(? as text[]), cast(? as integer[]),
        cast(? as text[]), cast(? as bigint[]), cast(? as bigint[]), cast(? as bigint[]))
      on conflict do nothing
      """;

  private final Database database;

  AuditStore(Database database) {
    this.database = database;
  }

  @Override
  public void insert(UUID replica, List<AuditRow> rows) {
    if (rows.isEmpty()) {
      return;
    }
    long _ =
        database.run(db ->
            db.createInsert(INSERT)
                .addParam(replica)
                .addParam(texts(rows, row -> row.entry().intent().time().toString()))
                .addParam(numbers(rows, row -> OptionalLong.of(row.sequence())))
                .addParam(intents(rows, AuditIntent::user))
                .addParam(intents(rows, AuditIntent::email))
                .addParam(intents(rows, AuditIntent::session))
                .addParam(intents(rows, AuditIntent::clientName))
                .addParam(intents(rows, AuditIntent::clientVersion))
                .addParam(intents(rows, AuditIntent::protocolVersion))
                .addParam(texts(rows, row -> row.entry().intent().method()))
                .addParam(intents(rows, AuditIntent::target))
                .addParam(intents(rows, AuditIntent::targetName))
                .addParam(intents(rows, AuditIntent::featureKind))
                .addParam(intents(rows, AuditIntent::featureName))
                .addParam(intents(rows, AuditIntent::policy))
                .addParam(number(rows, row -> row.entry().intent().requestBytes()))
                .addParam(intents(rows, AuditIntent::credentialScope))
                .addParam(intents(rows, AuditIntent::argumentsDigest))
                .addParam(intents(rows, AuditIntent::traceId))
                .addParam(texts(rows, row -> row.entry().outcome().wireName()))
                .addParam(numbers(rows, row -> widened(row.entry().errorCode())))
                .addParam(texts(rows, row -> row.entry().reason().orElse(null)))
                .addParam(number(rows, row -> micros(row.entry().duration())))
                .addParam(number(rows, row -> micros(row.entry().upstream())))
                .addParam(number(rows, row -> row.entry().answerBytes()))
                .execute());
  }

  @Override
  public void prepareMonth(LocalDate anyDay) {
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
            Columns.optionalText(row, "trace_id"));
    var entry =
        new AuditEntry(
            intent,
            AuditOutcome.find(Columns.text(row, "outcome")).orElse(AuditOutcome.FAILED),
            narrowed(Columns.optionalNumber(row, "error_code")),
            Columns.optionalText(row, "reason"),
            duration(row, "duration_us"),
            duration(row, "upstream_us"),
            Columns.optionalNumber(row, "answer_bytes").orElse(0L));
    long sequence = Columns.number(row, "sequence");
    return new Found(
        new AuditCursor(intent.time(), Columns.uuid(row, "replica"), sequence),
        new AuditRow(sequence, entry));
  }

  private static Duration duration(DbRow row, String column) {
    return Duration.ofNanos(Columns.optionalNumber(row, column).orElse(0L) * 1_000);
  }

  private static long micros(Duration duration) {
    return duration.toNanos() / 1_000;
  }

  private static OptionalLong widened(OptionalInt number) {
    return number.isPresent() ? OptionalLong.of(number.getAsInt()) : OptionalLong.empty();
  }

  private static OptionalInt narrowed(Optional<Long> number) {
    return number.isPresent() ? OptionalInt.of(number.get().intValue()) : OptionalInt.empty();
  }

  private static @Nullable String[] intents(
      List<AuditRow> rows, Function<AuditIntent, Optional<?>> field) {
    return texts(rows, row -> field.apply(row.entry().intent()).map(Object::toString).orElse(null));
  }

  private static @Nullable String[] texts(
      List<AuditRow> rows, Function<AuditRow, @Nullable String> field) {
    @Nullable String[] column = new String[rows.size()];
    for (int i = 0; i < column.length; i++) {
      column[i] = field.apply(rows.get(i));
    }
    return column;
  }

  private static @Nullable Long[] number(List<AuditRow> rows, Function<AuditRow, Long> field) {
    return numbers(rows, row -> OptionalLong.of(field.apply(row)));
  }

  private static @Nullable Long[] numbers(
      List<AuditRow> rows, Function<AuditRow, OptionalLong> field) {
    @Nullable Long[] column = new Long[rows.size()];
    for (int i = 0; i < column.length; i++) {
      OptionalLong value = field.apply(rows.get(i));
      column[i] = value.isPresent() ? (Long) value.getAsLong() : null;
    }
    return column;
  }
}
