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

/// Sealed rows of the audit log in the [binary format of
/// COPY](https://www.postgresql.org/docs/current/sql-copy.html), which costs the server less than
/// any other way to bring it many rows.
///
/// The seal of a row covers its fields as they stand here, up to the last that is not null: so a
/// column that is added behind them changes no seal of a row that has nothing in it.
final class CopyRows {

  /// What is written and sealed of each row, in this order; new ones go behind them.
  static final String SEALED_COLUMNS =
      """
      replica, time, sequence, user_id, user_email, session_id, client_name, client_version,
      protocol_version, method, target_id, target_name, feature_kind, feature_name, policy,
      request_bytes, credential_scope, arguments_digest, trace_id, outcome, error_code, reason,
      duration_us, upstream_us, answer_bytes, arguments, answer\
      """;

  /// All that is written: the place in the chain and the seal behind the rest.
  static final String COLUMNS = SEALED_COLUMNS + ", chain_position, chain_mac";

  private static final short COLUMN_COUNT = (short) COLUMNS.split(",", -1).length;
  private static final byte[] SIGNATURE =
      "PGCOPY\n\377\r\n\0".getBytes(StandardCharsets.ISO_8859_1);
  private static final long MICROS = 1_000_000;

  /// PostgreSQL counts time from the year 2000.
  private static final long EPOCH_SECOND = Instant.parse("2000-01-01T00:00:00Z").getEpochSecond();

  private final ChainKeys.Sealer sealer;
  private ByteBuffer out = ByteBuffer.allocate(1 << 16);

  /// Where the last field ends that is not null.
  private int present;

  private ChainHead head;

  private CopyRows(ChainKeys.Sealer sealer, ChainHead head) {
    this.sealer = sealer;
    this.head = head;
  }

  /// Rows that are sealed, and where their chain has come to with them.
  ///
  /// @param bytes the whole of what COPY is to read
  record Sealed(ByteBuffer bytes, ChainHead head) {}

  /// @param head of the row before the first
  static Sealed of(UUID replica, List<AuditRow> rows, ChainKeys.Sealer sealer, ChainHead head) {
    var copy = new CopyRows(sealer, head);
    copy.out.put(SIGNATURE).putInt(0).putInt(0);
    for (AuditRow row : rows) {
      copy.row(replica, row);
    }
    copy.room(Short.BYTES).putShort((short) -1);
    return new Sealed(copy.out.flip(), copy.head);
  }

  private void row(UUID replica, AuditRow row) {
    AuditEntry entry = row.entry();
    room(Short.BYTES).putShort(COLUMN_COUNT);
    int start = out.position();
    uuid(Optional.of(replica));
    number(micros(entry.intent().time()));
    number(row.sequence());
    intent(entry.intent());
    text(Optional.of(entry.outcome().wireName()));
    if (entry.errorCode().isPresent()) {
      room(2 * Integer.BYTES).putInt(Integer.BYTES).putInt(entry.errorCode().getAsInt());
      present = out.position();
    } else {
      absent();
    }
    text(entry.reason());
    number(micros(entry.duration()));
    number(micros(entry.upstream()));
    number(entry.answerBytes());
    text(entry.intent().arguments());
    text(entry.answer());
    seal(start);
  }

  private void seal(int start) {
    byte[] mac =
        sealer.begin(ChainKeys.Kind.ROW).add(head).add(out.array(), start, present - start).end();
    head = new ChainHead(head.position() + 1, mac);
    number(head.position());
    room(Integer.BYTES + mac.length).putInt(mac.length).put(mac);
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
    present = out.position();
  }

  private void text(Optional<String> value) {
    if (value.isEmpty()) {
      absent();
      return;
    }
    byte[] bytes = value.get().getBytes(StandardCharsets.UTF_8);
    room(Integer.BYTES + bytes.length).putInt(bytes.length).put(bytes);
    present = out.position();
  }

  private void number(long value) {
    room(Integer.BYTES + Long.BYTES).putInt(Long.BYTES).putLong(value);
    present = out.position();
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

  /// The moment that COPY writes as this number.
  static Instant instant(long micros) {
    return Instant.ofEpochSecond(
        EPOCH_SECOND + Math.floorDiv(micros, MICROS), Math.floorMod(micros, MICROS) * 1_000);
  }

  private static long micros(Instant time) {
    return (time.getEpochSecond() - EPOCH_SECOND) * MICROS + time.getNano() / 1_000;
  }

  private static long micros(Duration duration) {
    return duration.toNanos() / 1_000;
  }
}
