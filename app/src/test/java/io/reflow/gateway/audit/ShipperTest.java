package io.reflow.gateway.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.config.AuditConfig;
import io.reflow.gateway.fault.GatewayException.Unavailable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class ShipperTest {

  @TempDir Path folder;

  private final FakeRows table = new FakeRows();

  @SuppressWarnings("NullAway.Init")
  private Journal journal;

  @SuppressWarnings("NullAway.Init")
  private Shipper shipper;

  @AfterEach
  void close() {
    shipper.close();
    journal.close();
  }

  @Test
  void shipsAnswersUnderTheNumberOfTheirIntent() throws IOException {
    open(4);

    AuditIntent intent = Entries.intent("list_repos");
    long intended = intend(intent);
    long denied = journal.appendNew(AuditRecords.write(0, Entries.denied(intent)));
    long _ = journal.append(AuditRecords.write(intended, Entries.allowed(intent)));

    await(() -> table.rows.size() == 2);
    assertThat(table.rows)
        .containsEntry(intended, Entries.allowed(intent))
        .containsEntry(denied, Entries.denied(intent));
  }

  @Test
  void goesOnBehindWhatCannotBeRead() throws IOException {
    open(4);
    AuditIntent intent = Entries.intent("list_repos");
    RecordBytes unreadable = RecordBytes.of(RecordBytes.Kind.OUTCOME);
    for (int i = 0; i < 8; i++) {
      unreadable.putLong(Long.MAX_VALUE);
    }

    long before = journal.appendNew(AuditRecords.write(0, Entries.denied(intent)));
    long _ = journal.appendNew(unreadable);
    long after = journal.appendNew(AuditRecords.write(0, Entries.denied(intent)));

    await(() -> table.rows.size() == 2);
    assertThat(table.rows).containsOnlyKeys(before, after);
  }

  @Test
  void goesThroughManySegmentsAndLeavesOne() throws IOException {
    open(4);

    Map<Long, AuditEntry> written = new TreeMap<>();
    for (int i = 0; i < 3_000; i++) {
      AuditIntent intent = Entries.intent("tool_" + i);
      long intended = awaitRoom(intent);
      long _ = journal.append(AuditRecords.write(intended, Entries.allowed(intent)));
      written.put(intended, Entries.allowed(intent));
    }

    await(() -> table.rows.size() == written.size());
    assertThat(table.rows).isEqualTo(written);
    await(() -> files() <= 2);
  }

  @Test
  void recordsNothingMoreWhenTheJournalIsFullButAnswersToWhatWasLetThrough() throws IOException {
    table.away = true;
    open(3);

    List<Long> open = new ArrayList<>();
    AuditIntent intent = Entries.intent("list_repos");
    assertThatThrownBy(
            () -> {
              while (true) {
                open.add(intend(intent));
                if (open.size() > 20) {
                  long first = open.removeFirst();
                  long _ = journal.append(AuditRecords.write(first, Entries.allowed(intent)));
                }
              }
            })
        .isInstanceOf(Unavailable.class)
        .hasMessageContaining("journal is full");
    for (long intended : open) {
      long _ = journal.append(AuditRecords.write(intended, Entries.allowed(intent)));
    }
    long last = open.getLast();
    table.away = false;

    await(() -> table.rows.containsKey(last));
    assertThat(table.rows.values()).allMatch(entry -> entry.equals(Entries.allowed(intent)));
    await(() -> succeeds(() -> intend(intent)));
  }

  @RepeatedTest(20)
  void keepsCallsThatTakeLongWithoutKeepingAllTheOthers() throws IOException {
    open(4);

    AuditIntent slow = Entries.intent("slow");
    long intended = intend(slow);
    int others = 5_000;
    for (int i = 0; i < others; i++) {
      AuditIntent quick = Entries.intent("quick");
      long each = awaitRoom(quick);
      long _ = journal.append(AuditRecords.write(each, Entries.allowed(quick)));
    }
    long _ = journal.append(AuditRecords.write(intended, Entries.allowed(slow)));

    await(() -> table.rows.size() == others + 1);
    assertThat(table.rows).containsEntry(intended, Entries.allowed(slow));
  }

  @Test
  void callsWhatACrashLeftOpenInterrupted() throws IOException {
    table.away = true;
    open(6);
    AuditIntent lost = Entries.intent("lost");
    AuditIntent answered = Entries.intent("answered");
    long first = intend(lost);
    long second = intend(answered);
    long _ = journal.append(AuditRecords.write(second, Entries.allowed(answered)));
    crash();

    table.away = false;
    open(6);

    await(() -> table.rows.size() == 2);
    assertThat(table.rows)
        .containsEntry(first, AuditEntry.interrupted(lost))
        .containsEntry(second, Entries.allowed(answered));
    long third = intend(Entries.intent("new"));
    assertThat(third).isGreaterThan(second);
    await(() -> files() <= 2);
  }

  @Test
  void numbersNothingTwiceOverRestarts() throws IOException {
    long last = 0;
    for (int round = 0; round < 5; round++) {
      open(4);
      AuditIntent intent = Entries.intent("x");
      long intended = intend(intent);
      long _ = journal.append(AuditRecords.write(intended, Entries.allowed(intent)));
      assertThat(intended).isGreaterThan(last);
      last = intended;
      shipper.close();
      journal.close();
    }
    assertThat(table.rows).hasSize(5);
    open(4);
  }

  @Test
  void doesNotGrowWithEveryRestartWhileTheDatabaseIsAway() throws IOException {
    table.away = true;
    for (int round = 0; round < 6; round++) {
      open(3);
      if (round < 2) {
        long _ = intend(Entries.intent("x"));
      }
      crash();
    }
    assertThat(files()).isLessThanOrEqualTo(3);
    open(3);
    assertThatThrownBy(() -> intend(Entries.intent("x"))).isInstanceOf(Unavailable.class);

    table.away = false;

    await(() -> succeeds(() -> intend(Entries.intent("x"))));
    assertThat(table.rows).hasSize(2);
  }

  private void open(int segments) throws IOException {
    AuditConfig config = Entries.config(segments);
    journal = Journal.open(folder, config);
    shipper = new Shipper(new UUID(1, 2), journal, table, config, InstantSource.system());
    shipper.start(_ -> {});
  }

  /// Ends like a killed process: nothing more is shipped, no file is tidied.
  private void crash() {
    boolean away = table.away;
    table.away = true;
    shipper.stop();
    journal.close();
    table.away = away;
  }

  private long intend(AuditIntent intent) {
    return journal.appendNew(AuditRecords.write(intent));
  }

  private long awaitRoom(AuditIntent intent) {
    long[] sequence = {0};
    await(() -> succeeds(() -> sequence[0] = intend(intent)));
    return sequence[0];
  }

  private long files() {
    try (var files = Files.newDirectoryStream(folder, "segment-*.journal")) {
      long count = 0;
      for (Path _ : files) {
        count++;
      }
      return count;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean succeeds(Runnable work) {
    try {
      work.run();
      return true;
    } catch (Unavailable _) {
      return false;
    }
  }

  private static void await(BooleanSupplier condition) {
    Instant deadline = Instant.now().plus(Duration.ofSeconds(60));
    while (!condition.getAsBoolean()) {
      assertThat(Instant.now()).isBefore(deadline);
      LockSupport.parkNanos(1_000_000);
    }
  }
}
