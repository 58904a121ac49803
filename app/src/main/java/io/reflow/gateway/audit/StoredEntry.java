package io.reflow.gateway.audit;

/// An entry as the journal has it, without bodies. Whoever keeps the newest thousand has one array
/// for each instead of thirty objects, which the garbage collector would copy again and again.
public final class StoredEntry {

  private final AuditOutcome outcome;
  private final RecordBytes record;

  private StoredEntry(AuditOutcome outcome, RecordBytes record) {
    this.outcome = outcome;
    this.record = record;
  }

  /// @param record of the entry, as it was appended
  static StoredEntry of(AuditEntry entry, RecordBytes record) {
    AuditEntry kept = entry.withoutBodies();
    return new StoredEntry(entry.outcome(), kept == entry ? record : AuditRecords.write(0, kept));
  }

  public AuditOutcome outcome() {
    return outcome;
  }

  public AuditEntry read() {
    RecordBytes fields = record.reread();
    long _ = fields.takeLong();
    return AuditRecords.readEntry(fields);
  }
}
