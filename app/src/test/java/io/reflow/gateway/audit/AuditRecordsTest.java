package io.reflow.gateway.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.audit.RecordBytes.Kind;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class AuditRecordsTest {

  private static final byte[] SALT = {1, 2, 3, 4, 5, 6, 7, 8};

  @Test
  void readsAnIntentAsItWasWritten() {
    AuditIntent intent = Entries.intent("list_repos");

    assertThat(AuditRecords.readIntent(reread(AuditRecords.write(intent)))).isEqualTo(intent);
  }

  @Test
  void readsAnEntryAsItWasWritten() {
    AuditEntry entry = Entries.denied(Entries.intent("drop_database"));

    RecordBytes read = reread(AuditRecords.write(77, entry));

    assertThat(read.kind()).isEqualTo(Kind.OUTCOME);
    assertThat(read.takeLong()).isEqualTo(77);
    assertThat(AuditRecords.readEntry(read)).isEqualTo(entry);
  }

  /// What is known already is not encoded again, but all the same.
  @Test
  void writesAnOutcomeThatRepeatsItsIntentAsAnyOther() {
    AuditIntent intent = Entries.intent("list_repos");
    Intended intended = new Intended(77, intent, AuditRecords.write(intent));
    AuditEntry same = Entries.allowed(intent);
    AuditEntry more = Entries.allowed(intent.with(Optional.of("{}")));
    AuditEntry other = Entries.allowed(Entries.intent("create_issue"));

    for (AuditEntry entry : List.of(same, more, other)) {
      RecordBytes record = AuditRecords.write(intended, entry);

      assertThat(plain(record)).isEqualTo(plain(AuditRecords.write(77, entry)));

      RecordBytes read = reread(record);
      assertThat(read.takeLong()).isEqualTo(77);
      assertThat(AuditRecords.readEntry(read)).isEqualTo(entry);
    }
  }

  private static byte[] plain(RecordBytes record) {
    return Arrays.copyOf(record.array(), record.length());
  }

  @Test
  void keepsWhatIsNotKnownEmpty() {
    var intent =
        new AuditIntent(
            Instant.EPOCH,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            "ping",
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            0,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    assertThat(AuditRecords.readIntent(reread(AuditRecords.write(intent)))).isEqualTo(intent);
  }

  @Test
  void writesEveryAlphabetAndWhatPostgresqlWouldRefuseAsQuestionMarks() {
    assertThat(throughTheJournal("héllo – 漢字 🙂")).isEqualTo("héllo – 漢字 🙂");
    assertThat(throughTheJournal("a\0b")).isEqualTo("a?b");
    assertThat(throughTheJournal("\ud83dx\ude42")).isEqualTo("?x?");
  }

  @Test
  void cutsLongTextsAndNeverWithinACharacter() {
    assertThat(throughTheJournal("x".repeat(5_000))).isEqualTo("x".repeat(1_000));
    assertThat(throughTheJournal("x".repeat(999) + "🙂")).isEqualTo("x".repeat(999) + "?");
    assertThat(throughTheJournal("漢".repeat(5_000))).isEqualTo("漢".repeat(1_000));
  }

  @Test
  void noticesEveryChangedBit() {
    RecordBytes record = AuditRecords.write(Entries.intent("list_repos"));
    long _ = record.seal(SALT, 5);
    byte[] whole = Arrays.copyOf(record.array(), record.length());

    for (int i = 8; i < whole.length; i++) {
      whole[i] ^= 4;
      assertThat(RecordBytes.read(whole, SALT, 5)).isEmpty();
      whole[i] ^= 4;
    }
    assertThat(RecordBytes.read(whole, SALT, 5)).isPresent();
    assertThat(RecordBytes.read(whole, SALT, 6)).as("in another place").isEmpty();
    assertThat(RecordBytes.read(whole, new byte[8], 5)).as("in another file").isEmpty();
  }

  private static String throughTheJournal(String reason) {
    var entry =
        new AuditEntry(
            Entries.intent("x"),
            AuditOutcome.FAILED,
            OptionalInt.empty(),
            Optional.of(reason),
            Duration.ZERO,
            Duration.ZERO,
            0,
            Optional.empty());
    RecordBytes read = reread(AuditRecords.write(0, entry));
    assertThat(read.takeLong()).isZero();
    return AuditRecords.readEntry(read).reason().orElseThrow();
  }

  private static RecordBytes reread(RecordBytes record) {
    long _ = record.seal(SALT, 5);
    return RecordBytes.read(Arrays.copyOf(record.array(), record.length()), SALT, 5).orElseThrow();
  }
}
