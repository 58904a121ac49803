package io.reflow.gateway.audit;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/// One call and what became of it: a row of the audit log.
///
/// @param intent the very intent that was recorded before, where there was one
/// @param errorCode of the JSON-RPC error or the HTTP status that the caller got
/// @param reason fit for the caller's eyes
/// @param upstream how much of the duration went by waiting for the target
/// @param answer see [Bodies]; only where the configuration says so
public record AuditEntry(
    AuditIntent intent,
    AuditOutcome outcome,
    OptionalInt errorCode,
    Optional<String> reason,
    Duration duration,
    Duration upstream,
    long answerBytes,
    Optional<String> answer) {

  /// The same without what was said: for who only needs to know what happened.
  AuditEntry withoutBodies() {
    return new AuditEntry(
        intent.with(Optional.empty()),
        outcome,
        errorCode,
        reason,
        duration,
        upstream,
        answerBytes,
        Optional.empty());
  }

  /// Whether it tells what was said.
  boolean hasBodies() {
    return answer.isPresent() || intent.arguments().isPresent();
  }

  static AuditEntry interrupted(AuditIntent intent) {
    return new AuditEntry(
        intent,
        AuditOutcome.INTERRUPTED,
        OptionalInt.empty(),
        Optional.of("the gateway stopped before the answer"),
        Duration.ZERO,
        Duration.ZERO,
        0,
        Optional.empty());
  }
}
