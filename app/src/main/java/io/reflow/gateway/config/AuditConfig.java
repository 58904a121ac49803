package io.reflow.gateway.config;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The `audit` section: the journal that every answer is written to before it leaves, its way to
/// PostgreSQL, and how its rows are kept there. The journal takes at most `segments` files of
/// `segmentSize`. `key` seals the rows, `previousKeys` still verify; a `retention` of zero keeps
/// all.
public record AuditConfig(
    DataSize segmentSize,
    int segments,
    Fsync fsync,
    int batchSize,
    Duration shipInterval,
    Optional<Secret> key,
    List<Secret> previousKeys,
    Duration checkpointInterval,
    Duration retention,
    AuditBodiesConfig bodies) {

  /// `OFF` survives the end of the process, `GROUP` the end of the machine too.
  public enum Fsync {
    OFF,
    GROUP
  }

  private static final int SHORTEST_KEY = 32;

  static final AuditConfig DEFAULTS =
      new AuditConfig(DataSize.ofMebibytes(16), 16, Fsync.OFF, 1000, Duration.ofMillis(200));

  public AuditConfig {
    previousKeys = List.copyOf(previousKeys);
    Check check =
        new Check("audit")
            .size("segment-size", segmentSize, DataSize.ofKibibytes(4), DataSize.ofMebibytes(1024))
            .range("segments", segments, 2, 1000)
            .range("batch-size", batchSize, 1, 10_000)
            .positive("ship-interval", shipInterval)
            .length("key", key, SHORTEST_KEY)
            .positive("checkpoint-interval", checkpointInterval)
            .notNegative("retention", retention);
    previousKeys.forEach(
        previous -> check.length("previous-keys", Optional.of(previous), SHORTEST_KEY));
    check.orThrow();
  }

  /// How the journal is written and shipped; the rest as it is by default.
  public AuditConfig(
      DataSize segmentSize, int segments, Fsync fsync, int batchSize, Duration shipInterval) {
    this(
        segmentSize,
        segments,
        fsync,
        batchSize,
        shipInterval,
        Optional.empty(),
        List.of(),
        Duration.ofMinutes(1),
        Duration.ofDays(365),
        AuditBodiesConfig.DEFAULTS);
  }

  AuditConfig withKey(Secret made) {
    return new AuditConfig(
        segmentSize,
        segments,
        fsync,
        batchSize,
        shipInterval,
        Optional.of(made),
        previousKeys,
        checkpointInterval,
        retention,
        bodies);
  }
}
