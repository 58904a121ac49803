package io.reflow.gateway.audit;

import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.telemetry.OtlpLogs;
import io.reflow.gateway.telemetry.SpanFacts;
import java.util.List;
import java.util.UUID;

/// Hands a copy of each row to the OTLP collector once the database has it. The attributes have the
/// names of the REST API behind `reflow.audit.`.
///
/// The database is the record: what the collector does not take in time is counted and left out,
/// and what is shipped again after a crash is handed over again, under the same sequence.
final class RowCopies implements AutoCloseable {

  private static final String EVENT = "reflow.audit";

  private final OtlpLogs logs;
  private final UUID replica;

  RowCopies(OtlpLogs logs, UUID replica) {
    this.logs = logs;
    this.replica = replica;
  }

  void add(List<JournalRow> rows) {
    rows.forEach(row -> add(row.decoded()));
  }

  private void add(AuditRow row) {
    AuditEntry entry = row.entry();
    AuditIntent intent = entry.intent();
    var facts = new Facts();
    facts.text("replica", replica.toString());
    facts.number("sequence", row.sequence());
    facts.text("user_id", intent.user().map(UserId::toString).orElse(""));
    facts.text("user_email", intent.email().orElse(""));
    facts.text("session_id", intent.session().orElse(""));
    facts.text("client_name", intent.clientName().orElse(""));
    facts.text("client_version", intent.clientVersion().orElse(""));
    facts.text("protocol_version", intent.protocolVersion().orElse(""));
    facts.text("method", intent.method());
    facts.text("target_id", intent.target().map(TargetId::toString).orElse(""));
    facts.text("target_name", intent.targetName().orElse(""));
    facts.text("feature_kind", intent.featureKind().orElse(""));
    facts.text("feature_name", intent.featureName().orElse(""));
    facts.text("policy", intent.policy().orElse(""));
    facts.text("outcome", entry.outcome().wireName());
    if (entry.errorCode().isPresent()) {
      facts.number("error_code", entry.errorCode().getAsInt());
    }
    facts.text("reason", entry.reason().orElse(""));
    facts.number("duration_us", entry.duration().toNanos() / 1_000);
    facts.number("upstream_us", entry.upstream().toNanos() / 1_000);
    facts.number("request_bytes", intent.requestBytes());
    facts.number("answer_bytes", entry.answerBytes());
    facts.text("credential_scope", intent.credentialScope().orElse(""));
    facts.text("arguments_digest", intent.argumentsDigest().orElse(""));
    facts.text("arguments", intent.arguments().orElse(""));
    facts.text("answer", entry.answer().orElse(""));
    logs.event(
        intent.time(),
        EVENT,
        intent.method() + " " + entry.outcome().wireName(),
        intent.traceId(),
        facts.all);
  }

  private static final class Facts {
    private final SpanFacts all = new SpanFacts();

    void text(String name, String value) {
      var _ = all.whole(EVENT + "." + name, value);
    }

    void number(String name, long value) {
      var _ = all.number(EVENT + "." + name, value);
    }
  }

  /// Sends what there is.
  @Override
  public void close() {
    logs.close();
  }
}
