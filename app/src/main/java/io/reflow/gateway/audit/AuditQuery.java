package io.reflow.gateway.audit;

import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.target.TargetId;
import java.time.Instant;
import java.util.Optional;

/// Which rows of the audit log are wanted. `from` is included, `to` is not; `after` is the last row
/// that was seen. With `denialsHidden`, what was denied counts as failed, and as no target's.
record AuditQuery(
    Optional<UserId> user,
    boolean denialsHidden,
    Optional<String> target,
    Optional<TargetId> targetId,
    Optional<String> method,
    Optional<AuditOutcome> outcome,
    Optional<Instant> from,
    Optional<Instant> to,
    Optional<AuditCursor> after,
    int limit,
    int offset) {

  /// The same for the next page.
  AuditQuery after(AuditCursor last) {
    return new AuditQuery(
        user,
        denialsHidden,
        target,
        targetId,
        method,
        outcome,
        from,
        to,
        Optional.of(last),
        limit,
        0);
  }

  /// The same, and this many rows of it at most.
  AuditQuery limit(int rows) {
    return new AuditQuery(
        user, denialsHidden, target, targetId, method, outcome, from, to, after, rows, offset);
  }
}
