package io.reflow.gateway.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import io.reflow.gateway.config.AuditConfig;
import io.reflow.gateway.database.Columns;
import io.reflow.gateway.fault.GatewayException.Unavailable;
import io.reflow.gateway.testing.TestDatabase;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class AuditLogIT {

  private static final AuditConfig CONFIG = Entries.config(40);

  @TempDir Path folder;

  private TestDatabase test;

  @BeforeEach
  void open() {
    test = TestDatabase.fresh();
  }

  @AfterEach
  void close() {
    test.close();
  }

  @Test
  void bringsEveryFieldToTheDatabase() {
    AuditIntent intent = Entries.intent("list_repos");
    AuditEntry denied = Entries.denied(Entries.intent("drop_database"));
    try (AuditLog log = log()) {
      log.record(log.intend(intent), Entries.allowed(intent));
      log.record(denied);

      await(() -> outcomes().size() == 2);
      List<AuditEntry> found =
          new AuditStore(test.database())
              .find(Queries.all()).stream().map(each -> each.row().entry()).toList();
      assertThat(found).containsExactlyInAnyOrder(Entries.allowed(intent), denied);
    }
    assertThat(partitionOf(Instant.now())).isTrue();
  }

  @Test
  void leavesRowsAsTheyAreThatComeAgain() {
    var store = rows();
    UUID replica = new UUID(1, 2);
    AuditIntent intent = Entries.intent("list_repos");
    var first = JournalRow.of(1, Entries.allowed(intent));
    var again = JournalRow.of(1, AuditEntry.interrupted(intent));
    var second = JournalRow.of(2, Entries.denied(intent));

    store.insert(replica, List.of(first));
    store.insert(replica, List.of(again, second, second));
    store.insert(replica, List.of(first, second));

    assertThat(outcomes()).containsExactly(entry(1L, "allowed"), entry(2L, "denied"));
    assertThat(count("select count(*) as n from audit_log")).isEqualTo(2);
  }

  @Test
  void shipsWhatWasRecordedWhileTheDatabaseWasAway() {
    try (AuditLog log = log()) {
      AuditIntent before = Entries.intent("before");
      log.record(log.intend(before), Entries.allowed(before));
      await(() -> outcomes().size() == 1);

      test.refuse();
      for (int i = 0; i < 1_000; i++) {
        AuditIntent intent = Entries.intent("meanwhile");
        log.record(log.intend(intent), Entries.allowed(intent));
      }
      test.admit();

      await(() -> outcomes().size() == 1_001);
    }
  }

  @Test
  void shipsTheRestWhenItCloses() {
    try (AuditLog log = log()) {
      for (int i = 0; i < 500; i++) {
        AuditIntent intent = Entries.intent("x");
        log.record(log.intend(intent), Entries.allowed(intent));
      }
      Intended _ = log.intend(Entries.intent("never answered"));
    }

    assertThat(outcomes().values()).hasSize(501).containsOnlyOnce("interrupted");
  }

  @RepeatedTest(3)
  void losesAndDoublesNothingWhenTheGatewayIsKilled() throws IOException, InterruptedException {
    Set<Long> intended = new HashSet<>();
    Set<Long> answered = new HashSet<>();
    for (int round = 0; round < 3; round++) {
      runAndKill(intended, answered);
    }

    try (AuditLog log = log()) {
      await(() -> outcomes().keySet().containsAll(intended));
      assertUnbroken(log);
    }

    assertThat(answered).isNotEmpty();
    Map<Long, String> outcomes = outcomes();
    assertThat(answered).allMatch(sequence -> Objects.equals(outcomes.get(sequence), "allowed"));
    assertThat(intended).allMatch(outcomes::containsKey);
    assertThat(outcomes).containsValue("interrupted");
    assertThat(count("select count(*) as n from audit_log")).isEqualTo(outcomes.size());
    assertThat(count("select count(distinct replica) as n from audit_log")).isOne();
  }

  @Test
  void chainsOnWhenTheGatewayIsKilledWhileTheDatabaseIsAway()
      throws IOException, InterruptedException {
    Set<Long> intended = new HashSet<>();
    Set<Long> answered = new HashSet<>();
    runAndKill(intended, answered, 500);
    test.refuse();
    // Far fewer than the journal holds, or the process would fall silent.
    runAndKill(intended, answered, 300);
    test.admit();
    runAndKill(intended, answered, 500);

    try (AuditLog log = log()) {
      await(() -> outcomes().keySet().containsAll(intended));
      assertUnbroken(log);
    }
  }

  private static void assertUnbroken(AuditLog log) {
    Verdict verdict = log.verifier().verify(Optional.empty(), Optional.empty(), Optional.empty());
    assertThat(verdict.faults()).isEmpty();
    assertThat(verdict.rows()).isPositive();
  }

  private void runAndKill(Set<Long> intended, Set<Long> answered)
      throws IOException, InterruptedException {
    runAndKill(intended, answered, ThreadLocalRandom.current().nextInt(500, 4_000));
  }

  private void runAndKill(Set<Long> intended, Set<Long> answered, int lines)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                DoomedGateway.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (var input = process.outputWriter(StandardCharsets.UTF_8)) {
      input.write(
          "%d %s %s %s"
              .formatted(
                  test.address().port(),
                  test.address().name(),
                  test.address().user(),
                  test.address().password().reveal()));
    }
    try (BufferedReader said = process.inputReader(StandardCharsets.UTF_8)) {
      for (int i = 0; i < lines; i++) {
        note(said.readLine(), intended, answered);
      }
      // Unlike the process itself, its handle leaves the pipe open.
      assertThat(process.toHandle().destroyForcibly()).isTrue();
      for (String line = said.readLine(); line != null; line = said.readLine()) {
        note(line, intended, answered);
      }
    }
    assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(128 + 9);
  }

  /// The last line may be torn.
  private static void note(String line, Set<Long> intended, Set<Long> answered) {
    String[] words = line.split(" ", -1);
    if (words.length == 3 && words[2].equals(".")) {
      assertThat((words[0].equals("I") ? intended : answered).add(Long.valueOf(words[1]))).isTrue();
    }
  }

  private ChainedRows rows() {
    return new ChainedRows(new AuditStore(test.database()), Entries.keys(), new Anchors(folder));
  }

  private AuditLog log() {
    AuditLog log =
        AuditLog.open(folder, CONFIG, Entries.keys(), test.database(), InstantSource.system());
    log.begin(Optional.empty());
    return log;
  }

  private Map<Long, String> outcomes() {
    return test.database()
        .run(db -> {
          Map<Long, String> outcomes = new TreeMap<>();
          db.createQuery("select sequence, outcome from audit_log")
              .execute()
              .forEach(row ->
                  outcomes.put(Columns.number(row, "sequence"), Columns.text(row, "outcome")));
          return outcomes;
        });
  }

  private long count(String sql) {
    return test.database()
        .run(db -> Columns.number(db.createGet(sql).execute().orElseThrow(), "n"));
  }

  private boolean partitionOf(Instant time) {
    String table = "audit_log_" + time.toString().substring(0, 7).replace('-', '_');
    return count("select count(*) as n from pg_class where relname = '%s'".formatted(table)) == 1;
  }

  /// A database that is just coming back may still refuse a question.
  private static boolean holds(BooleanSupplier condition) {
    try {
      return condition.getAsBoolean();
    } catch (Unavailable _) {
      return false;
    }
  }

  private static void await(BooleanSupplier condition) {
    Instant deadline = Instant.now().plus(Duration.ofSeconds(60));
    while (!holds(condition)) {
      assertThat(Instant.now()).isBefore(deadline);
      LockSupport.parkNanos(20_000_000);
    }
  }
}
