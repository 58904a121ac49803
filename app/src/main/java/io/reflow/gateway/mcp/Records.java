package io.reflow.gateway.mcp;

import io.reflow.gateway.audit.AuditEntry;
import io.reflow.gateway.audit.AuditLog;
import io.reflow.gateway.audit.AuditOutcome;
import io.reflow.gateway.audit.Intended;
import io.reflow.gateway.policy.Feature.Kind;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.telemetry.Metrics;
import io.reflow.gateway.telemetry.Strangers;
import java.time.Duration;
import java.util.Optional;

/// Records what became of messages. Callers without a token that counts are counted instead, so
/// that nobody can fill the journal.
final class Records {

  private final AuditLog log;
  private final Metrics metrics;
  private final Strangers strangers;

  Records(AuditLog log, Metrics metrics, Strangers strangers) {
    this.log = log;
    this.metrics = metrics;
    this.strangers = strangers;
  }

  /// @throws io.reflow.gateway.fault.GatewayException.Unavailable when it can't be recorded: then
  ///   the answer may not leave
  void add(AuditTrail trail, AuditOutcome outcome, int answerBytes) {
    add(trail, outcome, answerBytes, Optional.empty());
  }

  /// @param answer as it is recorded, where bodies are
  void add(AuditTrail trail, AuditOutcome outcome, int answerBytes, Optional<String> answer) {
    if (trail.caller().isEmpty()) {
      String reason = trail.refusal().isEmpty() ? "unauthenticated" : trail.refusal();
      strangers.refused(reason, trail::peer, trail.tokenSent(), trail.traceId());
      return;
    }
    measure(trail, outcome.wireName());
    AuditEntry entry = trail.entry(outcome, answerBytes, answer);
    Intended intended = trail.intended();
    if (intended == null) {
      log.record(entry);
    } else {
      log.record(intended, entry);
    }
  }

  private void measure(AuditTrail trail, String outcome) {
    Duration taken = trail.duration();
    metrics.request(trail.method(), outcome, taken);
    if (!trail.refusal().isEmpty()) {
      metrics.refused(trail.refusal());
    }
    if (trail.toolCall()) {
      metrics.toolCall(trail.targetName(), trail.featureName(), outcome, taken);
    }
    Kind kind = trail.featureKind();
    boolean byRule = !trail.policy().isEmpty();
    if (kind != null && trail.ofTarget() && (trail.denied() || byRule)) {
      metrics.decision(trail.targetName(), kind.wireName(), !trail.denied(), byRule);
    }
  }

  /// An answer as it is recorded; empty where bodies are not.
  Optional<String> body(RawJson message) {
    return log.bodies().answer(message);
  }
}
