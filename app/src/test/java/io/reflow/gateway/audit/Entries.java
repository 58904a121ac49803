package io.reflow.gateway.audit;

import io.reflow.gateway.config.AuditConfig;
import io.reflow.gateway.config.AuditConfig.Fsync;
import io.reflow.gateway.config.DataSize;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.target.TargetId;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;

/// Audit entries to try things with.
final class Entries {

  static final UserId ALICE = new UserId(UUID.fromString("aaaaaaaa-0000-4000-8000-000000000001"));
  static final TargetId GITHUB =
      new TargetId(UUID.fromString("bbbbbbbb-0000-4000-8000-000000000002"));

  private Entries() {}

  static AuditIntent intent(String tool) {
    return intent(Instant.now(), ALICE, tool);
  }

  static AuditIntent intent(Instant time, UserId user, String tool) {
    return new AuditIntent(
        time,
        Optional.of(user),
        Optional.of("alice@example.org"),
        Optional.of("6f1c1d9e-6a0b-4b8e-9a53-2f7f3a3f6a10"),
        Optional.of("inspector"),
        Optional.of("2.12.0"),
        Optional.of("2025-11-25"),
        "tools/call",
        Optional.of(GITHUB),
        Optional.of("github"),
        Optional.of("tool"),
        Optional.of(tool),
        Optional.of("everyone may read"),
        321,
        Optional.of("user"),
        Optional.of("zoBnnyIf6kqL1zvgYDSkKlDD-mM1Yp3ygOqwTCmzYc8"),
        Optional.of("4bf92f3577b34da6a3ce929d0e0e4736"),
        Optional.of("{\"owner\":\"octocat\"}"));
  }

  static AuditEntry allowed(AuditIntent intent) {
    return new AuditEntry(
        intent,
        AuditOutcome.ALLOWED,
        OptionalInt.empty(),
        Optional.empty(),
        Duration.ofNanos(1_234_000),
        Duration.ofNanos(1_100_000),
        2_048,
        Optional.of("{\"content\":[]}"));
  }

  static AuditEntry denied(AuditIntent intent) {
    return new AuditEntry(
        intent,
        AuditOutcome.DENIED,
        OptionalInt.of(-32602),
        Optional.of("no policy allows it"),
        Duration.ofNanos(20_000),
        Duration.ZERO,
        99,
        Optional.empty());
  }

  /// Keys that are known to nobody else.
  static ChainKeys keys() {
    return new ChainKeys(List.of("a key of the tests".getBytes(StandardCharsets.UTF_8)));
  }

  /// A small journal that is shipped often.
  static AuditConfig config(int segments) {
    return new AuditConfig(
        DataSize.ofKibibytes(128), segments, Fsync.OFF, 100, Duration.ofMillis(5));
  }
}
