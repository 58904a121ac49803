package io.reflow.gateway.audit;

import io.reflow.gateway.audit.RecordBytes.Kind;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.target.TargetId;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;

/// Audit entries as records of the journal and back. Fields are only ever added at the end.
final class AuditRecords {

  /// Instead of an error code.
  static final long NO_CODE = Long.MIN_VALUE;

  private AuditRecords() {}

  static RecordBytes write(AuditIntent intent) {
    RecordBytes record = RecordBytes.of(Kind.INTENT);
    put(record, intent);
    record.putBody(intent.arguments());
    return record;
  }

  /// @param intended the sequence of the intent, 0 when there was none
  static RecordBytes write(long intended, AuditEntry entry) {
    RecordBytes record = RecordBytes.of(Kind.OUTCOME);
    record.putLong(intended);
    put(record, entry.intent());
    putOutcome(record, entry);
    return record;
  }

  /// The same for one whose intent has been written: mostly nothing has come to be known since
  /// then, and it need not be encoded once more.
  static RecordBytes write(Intended intended, AuditEntry entry) {
    AuditIntent intent = entry.intent();
    if (intent.arguments().isPresent() || !intent.equals(intended.intent())) {
      return write(intended.number(), entry);
    }
    RecordBytes record = RecordBytes.of(Kind.OUTCOME);
    record.putLong(intended.number());
    RecordBytes known = intended.record();
    record.putFields(known, RecordBytes.HEAD, known.length() - RecordBytes.NO_TEXT);
    putOutcome(record, entry);
    return record;
  }

  private static void putOutcome(RecordBytes record, AuditEntry entry) {
    record.putText(Optional.of(entry.outcome().wireName()));
    record.putLong(entry.errorCode().isPresent() ? entry.errorCode().getAsInt() : NO_CODE);
    record.putText(entry.reason());
    record.putLong(entry.duration().toNanos() / 1_000);
    record.putLong(entry.upstream().toNanos() / 1_000);
    record.putLong(entry.answerBytes());
    record.putBody(entry.intent().arguments());
    record.putBody(entry.answer());
  }

  /// The intent `sequence` anew, for a later segment.
  static RecordBytes carry(long sequence, AuditIntent intent) {
    RecordBytes record = RecordBytes.of(Kind.CARRIED);
    record.putLong(sequence);
    put(record, intent);
    record.putBody(intent.arguments());
    return record;
  }

  static AuditIntent readIntent(RecordBytes record) {
    AuditIntent intent = takeIntent(record);
    return withArguments(intent, record.takeText());
  }

  private static AuditIntent withArguments(AuditIntent intent, Optional<String> arguments) {
    return arguments.isEmpty() ? intent : intent.with(arguments);
  }

  private static AuditIntent takeIntent(RecordBytes record) {
    return new AuditIntent(
        readTime(record.takeLong()),
        record.takeUuid().map(UserId::new),
        record.takeText(),
        record.takeText(),
        record.takeText(),
        record.takeText(),
        record.takeText(),
        record.takeText().orElse(""),
        record.takeUuid().map(TargetId::new),
        record.takeText(),
        record.takeText(),
        record.takeText(),
        record.takeText(),
        record.takeLong(),
        record.takeText(),
        record.takeText(),
        record.takeText(),
        Optional.empty());
  }

  static AuditEntry readEntry(RecordBytes record) {
    AuditIntent intent = takeIntent(record);
    AuditOutcome outcome =
        record.takeText().flatMap(AuditOutcome::find).orElse(AuditOutcome.FAILED);
    long code = record.takeLong();
    Optional<String> reason = record.takeText();
    Duration duration = readDuration(record.takeLong());
    Duration upstream = readDuration(record.takeLong());
    long answerBytes = record.takeLong();
    return new AuditEntry(
        withArguments(intent, record.takeText()),
        outcome,
        code == NO_CODE ? OptionalInt.empty() : OptionalInt.of((int) code),
        reason,
        duration,
        upstream,
        answerBytes,
        record.takeText());
  }

  /// Passes over an entry as [#readEntry(RecordBytes)] reads it.
  ///
  /// @throws IndexOutOfBoundsException when it is not whole
  static void skipEntry(RecordBytes record) {
    long _ = record.takeLong();
    Optional<UUID> _ = record.takeUuid();
    skipTexts(record, 6);
    Optional<UUID> _ = record.takeUuid();
    skipTexts(record, 4);
    long _ = record.takeLong();
    skipTexts(record, 4);
    long _ = record.takeLong();
    skipTexts(record, 1);
    long _ = record.takeLong();
    long _ = record.takeLong();
    long _ = record.takeLong();
    skipTexts(record, 2);
  }

  private static void skipTexts(RecordBytes record, int count) {
    for (int i = 0; i < count; i++) {
      record.skipText();
    }
  }

  private static void put(RecordBytes record, AuditIntent intent) {
    Instant time = intent.time();
    record.putLong(time.getEpochSecond() * 1_000_000 + time.getNano() / 1_000);
    record.putUuid(intent.user().map(UserId::value));
    record.putText(intent.email());
    record.putText(intent.session());
    record.putText(intent.clientName());
    record.putText(intent.clientVersion());
    record.putText(intent.protocolVersion());
    record.putText(Optional.of(intent.method()));
    record.putUuid(intent.target().map(TargetId::value));
    record.putText(intent.targetName());
    record.putText(intent.featureKind());
    record.putText(intent.featureName());
    record.putText(intent.policy());
    record.putLong(intent.requestBytes());
    record.putText(intent.credentialScope());
    record.putText(intent.argumentsDigest());
    record.putText(intent.traceId());
  }

  static Instant readTime(long micros) {
    return Instant.ofEpochSecond(
        Math.floorDiv(micros, 1_000_000L), Math.floorMod(micros, 1_000_000L) * 1_000L);
  }

  private static Duration readDuration(long micros) {
    return Duration.ofNanos(micros * 1_000);
  }
}
