package io.reflow.gateway.config;

import java.time.Duration;

/// The `audit` section: the journal that every answer is written to before it leaves, and its way
/// to PostgreSQL. The journal takes at most `segments` files of `segmentSize`.
public record AuditConfig(
    DataSize segmentSize, int segments, Fsync fsync, int batchSize, Duration shipInterval) {

  /// `OFF` survives the end of the process, `GROUP` the end of the machine too.
  public enum Fsync {
    OFF,
    GROUP
  }

  static final AuditConfig DEFAULTS =
      new AuditConfig(DataSize.ofMebibytes(16), 16, Fsync.OFF, 500, Duration.ofMillis(200));

  public AuditConfig {
    new Check("audit")
        .size("segment-size", segmentSize, DataSize.ofKibibytes(4), DataSize.ofMebibytes(1024))
        .range("segments", segments, 2, 1000)
        .range("batch-size", batchSize, 1, 10_000)
        .positive("ship-interval", shipInterval)
        .orThrow();
  }
}
