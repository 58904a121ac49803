package io.reflow.gateway.audit;

import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.target.TargetId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// Rows of the audit log in the [binary format of
/// COPY](https://www.postgresql.org/docs/current/sql-copy.html), which costs the server less than
/// any other way to bring it many rows.
final class CopyRows {

  /// What is written of each row, in this order.
  static final String COLUMNS =
      """
      replica, time, sequence, user_id, user_email, session_id, client_name, client_version,
      protocol_version, method, target_id, target_name, feature_kind, feature_name, policy,
      request_bytes, credential_scope, arguments_digest, trace_id, outcome, error_code, reason,
      duration_us, upstream_us, answer_bytes\
      """;

  private static final short COLUMN_COUNT = (short) COLUMNS.split(",", -1).length;
  private static final byte[] SIGNATURE =
      "PGCOPY\n\377\r\n\0".getBytes(StandardCharsets.ISO_8859_1);
  private static final long MICROS = 1_000_000;

  /// PostgreSQL counts time from the year 2000.
  private static final long EPOCH_SECOND = Instant.parse("2000-01-01T00:00:00Z").getEpochSecond();

  private ByteBuffer out = ByteBuffer.allocate(1 << 16);

  private CopyRows() {}

  /// The whole of what COPY is to read.
  static ByteBuffer of(UUID replica, List<AuditRow> rows) {
    var copy = new CopyRows();
    copy.out.put(SIGNATURE).putInt(0).putInt(0);
    for (AuditRow row : rows) {
      copy.row(replica, row);
    }
    copy.room(Short.BYTES).putShort((short) -1);
    return copy.out.flip();
  }

  private void row(UUID replica, AuditRow row) {
    AuditEntry entry = row.entry();
    room(Short.BYTES).putShort(COLUMN_COUNT);
    uuid(Optional.of(replica));
    number(micros(entry.intent().time()));
    number(row.sequence());
    intent(entry.intent());
    text(Optional.of(entry.outcome().wireName()));
    if (entry.errorCode().isPresent()) {
      room(2 * Integer.BYTES).putInt(Integer.BYTES).putInt(entry.errorCode().getAsInt());
    } else {
      absent();
    }
    text(entry.reason());
    number(micros(entry.duration()));
    number(micros(entry.upstream()));
    number(entry.answerBytes());
  }

  private void intent(AuditIntent intent) {
    uuid(intent.user().map(UserId::value));
    text(intent.email());
    text(intent.session());
    text(intent.clientName());
    text(intent.clientVersion());
    text(intent.protocolVersion());
    text(Optional.of(intent.method()));
    uuid(intent.target().map(TargetId::value));
    text(intent.targetName());
    text(intent.featureKind());
    text(intent.featureName());
    text(intent.policy());
    number(intent.requestBytes());
    text(intent.credentialScope());
    text(intent.argumentsDigest());
    text(intent.traceId());
  }

  private void uuid(Optional<UUID> value) {
    if (value.isEmpty()) {
      absent();
      return;
    }
    room(Integer.BYTES + 2 * Long.BYTES)
        .putInt(2 * Long.BYTES)
        .putLong(value.get().getMostSignificantBits())
        .putLong(value.get().getLeastSignificantBits());
  }

  private void text(Optional<String> value) {
    if (value.isEmpty()) {
      absent();
      return;
    }
    byte[] bytes = value.get().getBytes(StandardCharsets.UTF_8);
    room(Integer.BYTES + bytes.length).putInt(bytes.length).put(bytes);
  }

  private void number(long value) {
    room(Integer.BYTES + Long.BYTES).putInt(Long.BYTES).putLong(value);
  }

  private void absent() {
    room(Integer.BYTES).putInt(-1);
  }

  private ByteBuffer room(int more) {
    if (out.remaining() < more) {
      ByteBuffer larger = ByteBuffer.allocate(2 * (out.capacity() + more));
      out = larger.put(out.flip());
    }
    return out;
  }

  private static long micros(Instant time) {
    return (time.getEpochSecond() - EPOCH_SECOND) * MICROS + time.getNano() / 1_000;
  }

  private static long micros(Duration duration) {
    return duration.toNanos() / 1_000;
  }
}
