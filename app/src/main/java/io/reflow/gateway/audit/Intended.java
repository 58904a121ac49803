package io.reflow.gateway.audit;

/// That a call is about to go upstream, as it stands in the journal. What becomes of the call is
/// recorded with it.
public final class Intended {

  private final long number;
  private final AuditIntent intent;
  private final RecordBytes record;

  /// @param record of the intent, as it was appended
  Intended(long number, AuditIntent intent, RecordBytes record) {
    this.number = number;
    this.intent = intent;
    this.record = record;
  }

  /// No other call has it.
  long number() {
    return number;
  }

  AuditIntent intent() {
    return intent;
  }

  RecordBytes record() {
    return record;
  }
}
