package io.reflow.gateway.audit;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
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

  private static final long EPOCH_MICROS = EPOCH_SECOND * MICROS;

  /// What a row takes besides what the journal has of it, and how much more each of its fields can
  /// take than there: two bytes before a text become four.
  private static final int SHORTEST = 256;

  private static final int WIDER = 2;

  private final ChainKeys.Sealer sealer;
  private ByteBuffer out;

  /// Where the last field ends that is not null.
  private int present;

  private ChainHead head;

  private CopyRows(ChainKeys.Sealer sealer, ChainHead head, ByteBuffer out) {
    this.sealer = sealer;
    this.head = head;
    this.out = out;
  }

  /// Rows that are sealed, and where their chain has come to with them.
  ///
  /// @param bytes the whole of what COPY is to read
  record Sealed(ByteBuffer bytes, ChainHead head) {}

  /// @param head of the row before the first
  /// @param room to write into; where it does not suffice, more is taken
  static Sealed of(
      UUID replica,
      List<JournalRow> rows,
      ChainKeys.Sealer sealer,
      ChainHead head,
      ByteBuffer room) {
    var copy = new CopyRows(sealer, head, room.clear());
    copy.out.put(SIGNATURE).putInt(0).putInt(0);
    for (JournalRow row : rows) {
      copy.row(replica, row);
    }
    copy.room(Short.BYTES).putShort((short) -1);
    return new Sealed(copy.out.flip(), copy.head);
  }

  /// The journal has the fields in the same order.
  private void row(UUID replica, JournalRow row) {
    RecordBytes fields = row.fields();
    out = room(SHORTEST + WIDER * fields.left()).putShort(COLUMN_COUNT);
    int start = out.position();
    uuid(replica);
    number(fields.takeLong() - EPOCH_MICROS);
    number(row.sequence());
    intent(fields);
    text(fields);
    errorCode(fields.takeLong());
    text(fields);
    number(fields);
    number(fields);
    number(fields);
    text(fields);
    text(fields);
    seal(start);
  }

  private void seal(int start) {
    byte[] mac =
        sealer.begin(ChainKeys.Kind.ROW).add(head).add(out.array(), start, present - start).end();
    head = new ChainHead(head.position() + 1, mac);
    number(head.position());
    out.putInt(mac.length).put(mac);
  }

  private void intent(RecordBytes fields) {
    id(fields);
    text(fields);
    text(fields);
    text(fields);
    text(fields);
    text(fields);
    text(fields);
    id(fields);
    text(fields);
    text(fields);
    text(fields);
    text(fields);
    number(fields);
    text(fields);
    text(fields);
    text(fields);
  }

  private void uuid(UUID value) {
    out.putInt(2 * Long.BYTES)
        .putLong(value.getMostSignificantBits())
        .putLong(value.getLeastSignificantBits());
    present = out.position();
  }

  private void id(RecordBytes fields) {
    if (fields.takeUuid(out)) {
      present = out.position();
    }
  }

  private void text(RecordBytes fields) {
    if (fields.takeText(out)) {
      present = out.position();
    }
  }

  private void number(RecordBytes fields) {
    number(fields.takeLong());
  }

  private void number(long value) {
    out.putInt(Long.BYTES).putLong(value);
    present = out.position();
  }

  private void errorCode(long value) {
    if (value == AuditRecords.NO_CODE) {
      out.putInt(-1);
    } else {
      out.putInt(Integer.BYTES).putInt((int) value);
      present = out.position();
    }
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
}
