package io.reflow.gateway.live;

import io.reflow.gateway.audit.AuditEntry;
import io.reflow.gateway.audit.AuditIntent;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.target.TargetId;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// An answered call on the wire, with the names that its row in the audit log has; what is not
/// known is left out.
///
/// @param durationUs how long the answer took, in microseconds
/// @param upstreamUs how much of that went by waiting for the target
public record CallJson(
    Instant time,
    @Nullable String userId,
    @Nullable String userEmail,
    @Nullable String sessionId,
    @Nullable String clientName,
    String method,
    @Nullable String targetId,
    @Nullable String targetName,
    @Nullable String featureKind,
    @Nullable String featureName,
    @Nullable String policy,
    String outcome,
    @Nullable Integer errorCode,
    @Nullable String reason,
    long durationUs,
    long upstreamUs,
    @Nullable String traceId) {

  /// A watcher's memory is bounded whatever clients send.
  private static final int LONGEST = 200;

  static CallJson of(AuditEntry entry) {
    AuditIntent intent = entry.intent();
    return new CallJson(
        intent.time(),
        intent.user().map(UserId::toString).orElse(null),
        shortened(intent.email()),
        intent.session().orElse(null),
        shortened(intent.clientName()),
        cut(intent.method()),
        intent.target().map(TargetId::toString).orElse(null),
        shortened(intent.targetName()),
        intent.featureKind().orElse(null),
        shortened(intent.featureName()),
        shortened(intent.policy()),
        entry.outcome().wireName(),
        entry.errorCode().isPresent() ? (Integer) entry.errorCode().getAsInt() : null,
        shortened(entry.reason()),
        entry.duration().toNanos() / 1_000,
        entry.upstream().toNanos() / 1_000,
        intent.traceId().orElse(null));
  }

  private static @Nullable String shortened(Optional<String> text) {
    return text.map(CallJson::cut).orElse(null);
  }

  private static String cut(String text) {
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
  }
}
