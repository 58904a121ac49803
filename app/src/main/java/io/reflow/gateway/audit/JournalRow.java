package io.reflow.gateway.audit;

import java.time.Instant;

/// A row on its way from the journal to the database, as it was written to the journal: it is
/// sealed and shipped without anybody reading what it says.
final class JournalRow {

  private final long sequence;
  private final RecordBytes fields;

  private JournalRow(long sequence, RecordBytes fields) {
    this.sequence = sequence;
    this.fields = fields;
  }

  static JournalRow of(long sequence, AuditEntry entry) {
    return read(AuditRecords.write(sequence, entry).reread());
  }

  /// @param outcome at its first field
  /// @throws IndexOutOfBoundsException when it is not whole: what comes behind it must not wait for
  ///   a row that can't be shipped
  static JournalRow read(RecordBytes outcome) {
    long intended = outcome.takeLong();
    AuditRecords.skipEntry(outcome.fromHere());
    return new JournalRow(intended == 0 ? outcome.sequence() : intended, outcome);
  }

  long sequence() {
    return sequence;
  }

  /// What [AuditRecords] has written of the entry, from the first field on.
  RecordBytes fields() {
    return fields.fromHere();
  }

  Instant time() {
    return AuditRecords.readTime(fields().takeLong());
  }

  AuditRow decoded() {
    return new AuditRow(sequence, AuditRecords.readEntry(fields()));
  }
}
