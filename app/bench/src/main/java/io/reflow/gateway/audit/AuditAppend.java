package io.reflow.gateway.audit;

import io.reflow.gateway.config.AuditConfig;
import io.reflow.gateway.config.DataSize;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.target.TargetId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What a call pays for its row: the intent and the outcome, each in the journal when it returns.
/// Full segments are deleted at once, as if a shipper had been there.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class AuditAppend {

  private static final AuditConfig CONFIG =
      new AuditConfig(
          DataSize.ofMebibytes(16), 16, AuditConfig.Fsync.OFF, 500, Duration.ofMillis(200));

  private final AuditIntent intent =
      new AuditIntent(
          Instant.now(),
          Optional.of(new UserId(UUID.randomUUID())),
          Optional.of("dev@example.com"),
          Optional.of("0123456789abcdef0123456789abcdef"),
          Optional.of("claude"),
          Optional.of("1.2.3"),
          Optional.of("2025-11-25"),
          "tools/call",
          Optional.of(new TargetId(UUID.randomUUID())),
          Optional.of("github"),
          Optional.of("tool"),
          Optional.of("search_issues"),
          Optional.of("developers may search"),
          300,
          Optional.of("default"),
          Optional.of("hmac-sha256:0123456789abcdef0123456789abcdef0123456789abcdef"),
          Optional.of("0123456789abcdef0123456789abcdef"),
          Optional.empty());
  private final AuditEntry entry =
      new AuditEntry(
          intent,
          AuditOutcome.ALLOWED,
          OptionalInt.empty(),
          Optional.empty(),
          Duration.ofMillis(3),
          Duration.ofMillis(2),
          2048,
          Optional.empty());
  private final Path folder;
  private final Journal journal;

  public AuditAppend() {
    try {
      folder = Files.createTempDirectory("audit-append-");
      journal = Journal.open(folder, CONFIG);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Benchmark
  public long intentAndOutcome() {
    RecordBytes record = AuditRecords.write(intent);
    var intended = new Intended(journal.appendNew(record), intent, record);
    long outcome = journal.append(AuditRecords.write(intended, entry));
    List<Segment> shipped = journal.before(journal.holding(outcome));
    shipped.forEach(journal::drop);
    return outcome;
  }

  @TearDown
  public void delete() throws IOException {
    journal.close();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
