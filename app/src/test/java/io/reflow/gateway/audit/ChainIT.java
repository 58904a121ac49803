package io.reflow.gateway.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.reflow.gateway.audit.Fault.Kind;
import io.reflow.gateway.config.AuditConfig;
import io.reflow.gateway.database.Columns;
import io.reflow.gateway.testing.TestDatabase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The chains of the audit log against somebody who may write to the database but has no key.
class ChainIT {

  private static final Instant NOON = Instant.parse("2026-11-23T12:00:00Z");
  private static final UUID A = new UUID(0xA, 1);
  private static final UUID B = new UUID(0xB, 2);

  @TempDir Path folder;

  private TestDatabase test;
  private ChainKeys keys = Entries.keys();
  private Instant now = NOON;
  private Replica a;
  private Replica b;
  private long sequence;

  /// What a gateway has of the chains.
  private final class Replica {

    private final UUID id;
    private final Path home;
    private Anchors anchors;
    private ChainedRows rows;

    Replica(UUID id) throws IOException {
      this.id = id;
      this.home = Files.createDirectories(folder.resolve(id.toString()));
      restart();
    }

    /// Knows only what is in its folder and in the database.
    void restart() {
      anchors = new Anchors(home);
      rows = new ChainedRows(new AuditStore(test.database()), keys, anchors);
    }

    void write(int count) {
      write(count, now);
    }

    void write(int count, Instant time) {
      List<JournalRow> batch = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        AuditIntent intent =
            Entries.intent(time.plusMillis(sequence), Entries.ALICE, "tool_" + sequence);
        batch.add(JournalRow.of(++sequence, Entries.allowed(intent)));
      }
      rows.insert(id, batch);
    }

    void checkpoint() {
      keeper().checkpoint(true);
    }

    void retain(Duration keep) {
      new Retention(test.database(), keys, keep, () -> now).run();
    }

    private AuditKeeper keeper() {
      AuditConfig config = Entries.config(4);
      return new AuditKeeper(test.database(), keys, anchors, id, config, () -> now);
    }

    Verdict verify() {
      return verify(Optional.empty(), Optional.empty(), Optional.empty());
    }

    Verdict verify(Optional<Instant> from, Optional<Instant> to, Optional<CheckpointId> exported) {
      return new ChainVerifier(test.database(), keys, anchors, id, rows::shipped)
          .verify(from, to, exported);
    }
  }

  @BeforeEach
  void start() throws IOException {
    test = TestDatabase.fresh();
    var store = new AuditStore(test.database());
    store.prepareMonth(LocalDate.ofInstant(NOON, ZoneOffset.UTC));
    a = new Replica(A);
    b = new Replica(B);
  }

  @AfterEach
  void stop() {
    test.close();
  }

  @Test
  void isUnbrokenAsItIsWritten() {
    for (int i = 0; i < 5; i++) {
      a.write(3);
      b.write(2);
    }
    a.checkpoint();
    a.write(1);

    Verdict verdict = b.verify();

    assertThat(verdict.faults()).isEmpty();
    assertThat(verdict.unbroken()).isTrue();
    assertThat(verdict.rows()).isEqualTo(26);
    assertThat(verdict.chains())
        .containsExactly(new Verdict.Part(A, 1, 16, 16), new Verdict.Part(B, 1, 10, 10));
    assertThat(verdict.newest().orElseThrow().id().number()).isOne();
  }

  @Test
  void isUnbrokenWithoutARow() {
    assertThat(a.verify().unbroken()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "outcome = 'denied'",
        "user_email = 'bob@example.org'",
        "feature_name = null",
        "error_code = 0",
        "answer_bytes = null",
        "answer = '{\"content\":[1]}'",
        "arguments = null",
        "duration_us = duration_us + 1",
        "time = time + interval '1 microsecond'",
        "sequence = sequence + 100000",
        "chain_mac = null",
        "chain_mac = decode('00', 'hex')"
      })
  void noticesAChangedRow(String change) {
    a.write(50);
    test.execute("update audit_log set %s where chain_position = 20".formatted(change));

    Verdict verdict = a.verify();

    assertThat(verdict.unbroken()).isFalse();
    assertThat(verdict.faults().getFirst().first()).isEqualTo(20);
    assertThat(verdict.faults().getFirst().kind()).isIn(Kind.CHANGED, Kind.UNKNOWN_KEY);
  }

  @Test
  void noticesRowsThatChangedPlaces() {
    a.write(50);
    test.execute(
        "update audit_log set chain_position = 41 - chain_position where chain_position in (20,"
            + " 21)");

    assertThat(a.verify().faults()).extracting(Fault::kind).contains(Kind.CHANGED);
  }

  @Test
  void noticesARowOfAnotherChain() {
    a.write(10);
    b.write(10);
    test.execute("delete from audit_log where chain_position = 5 and replica = '%s'".formatted(B));
    test.execute("update audit_log set replica = '%s' where chain_position = 5".formatted(B));

    assertThat(a.verify().faults())
        .extracting(Fault::kind, Fault::first)
        .contains(tuple(Kind.MISSING, 5L), tuple(Kind.CHANGED, 5L));
  }

  @Test
  void noticesARemovedRow() {
    a.write(50);
    test.execute("delete from audit_log where chain_position in (1, 20, 21)");

    Verdict verdict = a.verify();

    assertThat(verdict.faults()).extracting(Fault::kind).containsOnly(Kind.MISSING);
    assertThat(verdict.faults()).extracting(Fault::first).containsExactly(1L, 20L);
    assertThat(verdict.faults()).extracting(Fault::last).containsExactly(1L, 21L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"20", "51", "-3", "9000000000", "null"})
  void noticesAnInsertedRow(String position) {
    a.write(50);
    copyRow(A, position);

    Verdict verdict = a.verify();

    assertThat(verdict.unbroken()).isFalse();
    assertThat(verdict.rows()).isEqualTo(50);
  }

  @Test
  void noticesRowsOfAChainThatNeverWas() {
    a.write(5);
    copyRow(new UUID(6, 6), "1");

    assertThat(a.verify().faults()).extracting(Fault::kind).containsExactly(Kind.INSERTED);
  }

  private void copyRow(UUID replica, String position) {
    test.execute(
        """
        create temp table forged as select * from audit_log where chain_position = 5;
        update forged
          set replica = '%s', sequence = 777777, chain_position = %s, outcome = 'denied';
        insert into audit_log select * from forged\
        """
            .formatted(replica, position));
  }

  @Test
  void noticesARemovedTail() {
    a.write(50);
    removeBehind(40);

    assertThat(a.verify().faults())
        .containsExactly(
            new Fault(
                Kind.MISSING,
                Optional.of(A),
                41,
                50,
                Optional.empty(),
                "rows 41 to 50 are not there"));
  }

  @Test
  void noticesARemovedTailAfterARestart() {
    a.write(50);
    removeBehind(40);
    a.restart();
    assertThat(a.verify().unbroken()).isFalse();

    a.write(5);

    assertThat(a.verify().faults()).extracting(Fault::kind).containsExactly(Kind.MISSING);
    assertThat(a.verify().faults().getFirst().last()).isEqualTo(50);
  }

  @Test
  void noticesTheRemovedTailOfAnotherReplicaByACheckpoint() {
    a.write(50);
    b.checkpoint();
    removeBehind(40);

    assertThat(b.verify().faults()).extracting(Fault::first).containsExactly(41L);

    b.checkpoint();
    assertThat(b.verify().faults())
        .as("what went back is not signed")
        .extracting(Fault::first)
        .containsExactly(41L);
  }

  @Test
  void noticesRemovedCheckpoints() {
    a.write(10);
    a.checkpoint();
    a.write(10);
    a.checkpoint();
    a.write(10);
    a.checkpoint();
    CheckpointId exported = a.anchors.checkpoint().orElseThrow();
    assertThat(a.verify(Optional.empty(), Optional.empty(), Optional.of(exported)).unbroken())
        .isTrue();
    test.execute("delete from audit_checkpoint where number = 3");
    removeBehind(20);

    assertThat(a.verify().faults()).extracting(Fault::kind).contains(Kind.CHECKPOINT);
    assertThat(b.verify().unbroken()).as("who was not there can't know").isTrue();
    assertThat(b.verify(Optional.empty(), Optional.empty(), Optional.of(exported)).faults())
        .as("but who has the export does")
        .extracting(Fault::kind, Fault::first)
        .containsExactly(tuple(Kind.CHECKPOINT, 3L));

    a.restart();
    a.write(1);
    a.checkpoint();
    assertThat(b.verify().faults())
        .as("its number is not used again")
        .extracting(Fault::kind)
        .contains(Kind.CHECKPOINT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "update audit_checkpoint set time = time + interval '1 minute' where number = 1",
        "update audit_checkpoint set signature = set_byte(signature, 9, 1) where number = 1",
        "update audit_checkpoint_head set position = 3 where number = 1",
        "delete from audit_checkpoint_head where number = 2",
        "delete from audit_checkpoint where number = 1"
      })
  void noticesForgedCheckpoints(String forgery) {
    a.write(10);
    a.checkpoint();
    a.write(10);
    a.checkpoint();
    test.execute(forgery);

    assertThat(a.verify().faults()).extracting(Fault::kind).contains(Kind.CHECKPOINT);
  }

  @Test
  void noticesAMonthThatNoRetentionHasDropped() {
    Instant october = Instant.parse("2026-10-31T23:59:00Z");
    new AuditStore(test.database()).prepareMonth(LocalDate.of(2026, 10, 1));
    a.write(20, october);
    a.write(20);
    test.execute("drop table audit_log_2026_10");

    assertThat(a.verify().faults())
        .extracting(Fault::kind, Fault::first, Fault::last)
        .containsExactly(tuple(Kind.MISSING, 1L, 20L));
  }

  @Test
  void goesOnOverWhatRetentionDrops() {
    Instant october = Instant.parse("2026-10-31T23:59:00Z");
    Instant july = Instant.parse("2026-07-01T00:00:00Z");
    var store = new AuditStore(test.database());
    store.prepareMonth(LocalDate.of(2026, 10, 1));
    now = october;
    a.write(20);
    b.write(20);
    a.checkpoint();
    // Begun in October, recorded in November; and a clock that had jumped to a month without a
    // table.
    now = NOON;
    a.write(5);
    a.write(1, october);
    a.write(5);
    a.write(2, july);
    a.write(5);
    a.checkpoint();
    assertThat(a.verify().rows()).isEqualTo(58);

    a.retain(Duration.ofDays(20));

    assertThat(tables("audit_log_2026_10")).isZero();
    assertThat(a.verify().faults()).isEmpty();
    assertThat(a.verify().rows()).isEqualTo(15);
    assertThat(b.verify().unbroken()).isTrue();
    assertThat(count("audit_checkpoint")).isOne();

    b.restart();
    b.write(3);
    a.retain(Duration.ofDays(20));
    b.retain(Duration.ofDays(20));
    assertThat(b.verify().unbroken()).isTrue();
    test.execute("update audit_dropped set last_position = last_position + 1");
    assertThat(a.verify().faults()).extracting(Fault::kind).contains(Kind.RETENTION);
  }

  @Test
  void leavesAGapWhereRetentionFindsOne() {
    Instant october = Instant.parse("2026-10-15T12:00:00Z");
    new AuditStore(test.database()).prepareMonth(LocalDate.of(2026, 10, 1));
    a.write(20, october);
    a.write(5);
    test.execute("delete from audit_log where chain_position = 10");

    a.retain(Duration.ofDays(20));

    assertThat(a.verify().faults()).extracting(Fault::kind).containsOnly(Kind.MISSING);
    assertThat(a.verify().faults().getFirst().first()).isEqualTo(10);
  }

  @Test
  void keepsEverythingWhenRetentionIsZero() {
    assertThat(new Retention(test.database(), keys, Duration.ZERO, () -> now).due()).isFalse();
    assertThat(new Retention(test.database(), keys, Duration.ofDays(1), () -> now).due()).isTrue();
  }

  @Test
  void provesATimeBetweenCheckpoints() {
    a.write(10);
    a.checkpoint();
    now = NOON.plusSeconds(60);
    a.write(10);
    a.checkpoint();
    now = NOON.plusSeconds(120);
    a.write(10);
    a.checkpoint();
    Optional<Instant> from = Optional.of(NOON.plusSeconds(30));
    Optional<Instant> to = Optional.of(NOON.plusSeconds(90));

    Verdict before = a.verify(from, to, Optional.empty());
    assertThat(before.unbroken()).isTrue();
    assertThat(before.chains()).containsExactly(new Verdict.Part(A, 11, 30, 20));

    test.execute("delete from audit_log where chain_position = 5");
    assertThat(a.verify(from, to, Optional.empty()).unbroken()).as("another time").isTrue();
    assertThat(a.verify(Optional.empty(), to, Optional.empty()).unbroken()).isFalse();
    test.execute("delete from audit_log where chain_position = 11");
    assertThat(a.verify(from, to, Optional.empty()).unbroken()).as("its first row").isFalse();
  }

  @Test
  void goesOnWithANewKey() {
    byte[] old = "an old key".getBytes(StandardCharsets.UTF_8);
    byte[] fresh = "a new key".getBytes(StandardCharsets.UTF_8);
    keys = new ChainKeys(List.of(old));
    a.restart();
    a.write(10);
    a.checkpoint();
    keys = new ChainKeys(List.of(fresh, old));
    a.restart();
    a.write(10);
    a.checkpoint();

    assertThat(a.verify().unbroken()).isTrue();

    keys = new ChainKeys(List.of(fresh));
    a.restart();
    assertThat(a.verify().faults()).extracting(Fault::kind).contains(Kind.UNKNOWN_KEY);
  }

  @Test
  void chainsOnceWhatIsSentAgain() {
    AuditIntent intent = Entries.intent(NOON, Entries.ALICE, "x");
    var first = JournalRow.of(1, Entries.allowed(intent));
    var second = JournalRow.of(2, Entries.allowed(intent));
    var third = JournalRow.of(3, Entries.allowed(intent));
    a.rows.insert(A, List.of(first, second));
    a.restart();

    a.rows.insert(A, List.of(first, second, third));
    a.rows.insert(A, List.of(third));
    // The gateway was killed before it could note what was acknowledged.
    Anchors late = a.anchors;
    late.save(ChainHead.NONE);
    a.restart();
    a.rows.insert(A, List.of(JournalRow.of(4, Entries.allowed(intent))));

    Verdict verdict = a.verify();
    assertThat(verdict.faults()).isEmpty();
    assertThat(verdict.chains()).containsExactly(new Verdict.Part(A, 1, 4, 4));
  }

  @Test
  void signsNothingTwiceAndNothingThatHasNotMoved() {
    a.checkpoint();
    assertThat(a.anchors.checkpoint()).isEmpty();
    a.write(1);
    b.write(1);
    a.keeper().checkpoint(false);
    b.keeper().checkpoint(false);

    assertThat(a.anchors.checkpoint().orElseThrow().number()).isOne();
    assertThat(b.anchors.checkpoint())
        .as("learned from the other")
        .isEqualTo(a.anchors.checkpoint());

    now = NOON.minus(Duration.ofDays(1));
    b.write(1);
    b.keeper().checkpoint(false);
    assertThat(b.anchors.checkpoint().orElseThrow().number())
        .as("also when the clock went back")
        .isEqualTo(2);
  }

  @Test
  void makesRoomForAMonthWhoseRowsCameBeforeIt() {
    Instant late = Instant.parse("2027-03-31T23:59:59Z");
    a.write(3, late.minusSeconds(60));
    new AuditStore(test.database()).prepareMonth(LocalDate.of(2027, 3, 5));
    a.write(3, late.minusSeconds(60));

    assertThat(count("audit_log_2027_03")).isEqualTo(6);
    assertThat(a.verify().unbroken()).isTrue();
  }

  private void removeBehind(long position) {
    test.execute("delete from audit_log where chain_position > " + position);
    test.execute(
        """
        update audit_chain c set position = l.chain_position, mac = l.chain_mac from audit_log l
        where c.replica = l.replica and l.chain_position = %d\
        """
            .formatted(position));
  }

  private long tables(String name) {
    return count("pg_class where relname = '%s'".formatted(name));
  }

  private long count(String from) {
    return test.database()
        .run(db ->
            Columns.number(
                db.createGet("select count(*) as n from " + from).execute().orElseThrow(), "n"));
  }
}
