package io.reflow.gateway.terminal;

import io.reflow.gateway.audit.AuditEntry;
import io.reflow.gateway.audit.AuditIntent;
import io.reflow.gateway.audit.AuditLog;
import io.reflow.gateway.audit.AuditOutcome;
import io.reflow.gateway.audit.Intended;
import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.fault.GatewayException.NotFound;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.policy.Permit;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.telemetry.TraceId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// What the audit log has of one terminal: a row for its start, or for why there was none, and one
/// for its end. Used by one thread.
final class TerminalRecord {

  private static final String START = "terminal/start";
  private static final String END = "terminal/end";

  private final AuditLog audit;
  private final InstantSource clock;
  private final Identity caller;
  private final TraceId traceId;
  private final long startNanos = System.nanoTime();
  private @Nullable Target target;
  private Optional<String> policy = Optional.empty();
  private Optional<String> credentials = Optional.empty();
  private @Nullable AuditIntent end;
  private @Nullable Intended intended;

  TerminalRecord(TerminalParts parts, Identity caller, TraceId traceId) {
    this.audit = parts.audit();
    this.clock = parts.clock();
    this.caller = caller;
    this.traceId = traceId;
  }

  void at(Target wanted) {
    target = wanted;
  }

  void refused(GatewayException failure) {
    boolean denied = failure instanceof NotPermitted || failure instanceof NotFound;
    audit.record(
        entry(
            intent(START),
            denied ? AuditOutcome.DENIED : AuditOutcome.FAILED,
            failure.reason(),
            Duration.ZERO));
  }

  /// Called before anything is started. The end is intended now, so that it is on record even if
  /// the gateway is killed meanwhile.
  void started(Permit permit, String scope) {
    policy = Optional.of(permit.policy());
    credentials = Optional.of(scope).filter(text -> !text.isEmpty());
    audit.record(entry(intent(START), AuditOutcome.ALLOWED, "", Duration.ZERO));
    end = intent(END);
    intended = audit.intend(end);
  }

  /// The first reason counts.
  void ended(String reason) {
    AuditIntent last = end;
    if (last == null || intended == null) {
      return;
    }
    Duration duration = Duration.ofNanos(System.nanoTime() - startNanos);
    audit.record(intended, entry(last, AuditOutcome.ALLOWED, reason, duration));
    end = null;
  }

  private AuditIntent intent(String method) {
    Optional<Target> at = Optional.ofNullable(target);
    Instant now = clock.instant();
    return new AuditIntent(
        now,
        Optional.of(caller.user()),
        Optional.of(caller.email()),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        method,
        at.map(Target::id),
        at.map(Target::name),
        Optional.empty(),
        Optional.empty(),
        policy,
        0,
        credentials,
        Optional.empty(),
        Optional.of(traceId.value()),
        Optional.empty());
  }

  private static AuditEntry entry(
      AuditIntent intent, AuditOutcome outcome, String reason, Duration duration) {
    return new AuditEntry(
        intent,
        outcome,
        OptionalInt.empty(),
        Optional.of(reason).filter(text -> !text.isEmpty()),
        duration,
        Duration.ZERO,
        0,
        Optional.empty());
  }
}
