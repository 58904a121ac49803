package io.reflow.gateway.audit;

import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.target.TargetId;
import org.jspecify.annotations.Nullable;

/// A row of the audit log on the wire; what is not known is left out.
public record AuditRowJson(
    String time,
    String replica,
    long sequence,
    @Nullable String userId,
    @Nullable String userEmail,
    @Nullable String sessionId,
    @Nullable String clientName,
    @Nullable String clientVersion,
    @Nullable String protocolVersion,
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
    long requestBytes,
    long answerBytes,
    @Nullable String credentialScope,
    @Nullable String argumentsDigest,
    @Nullable String traceId,
    @Nullable String arguments,
    @Nullable String answer) {

  /// The row as those who are no admins see it: what was refused to them looks like what does not
  /// exist, as it did when they asked.
  static AuditRowJson forUser(AuditStore.Found found) {
    AuditRowJson row = of(found);
    AuditEntry entry = found.row().entry();
    boolean unknown =
        switch (entry.outcome()) {
          case DENIED -> true;
          case FAILED -> row.featureKind() != null && row.targetId() == null;
          default -> false;
        };
    return unknown ? row.ofNothing() : row;
  }

  private AuditRowJson ofNothing() {
    return new AuditRowJson(
        time,
        replica,
        sequence,
        userId,
        userEmail,
        sessionId,
        clientName,
        clientVersion,
        protocolVersion,
        method,
        null,
        null,
        featureKind,
        null,
        null,
        AuditOutcome.FAILED.wireName(),
        errorCode,
        null,
        durationUs,
        upstreamUs,
        requestBytes,
        answerBytes,
        null,
        argumentsDigest,
        traceId,
        arguments,
        null);
  }

  static AuditRowJson of(AuditStore.Found found) {
    AuditEntry entry = found.row().entry();
    AuditIntent intent = entry.intent();
    return new AuditRowJson(
        intent.time().toString(),
        found.cursor().replica().toString(),
        found.row().sequence(),
        intent.user().map(UserId::toString).orElse(null),
        intent.email().orElse(null),
        intent.session().orElse(null),
        intent.clientName().orElse(null),
        intent.clientVersion().orElse(null),
        intent.protocolVersion().orElse(null),
        intent.method(),
        intent.target().map(TargetId::toString).orElse(null),
        intent.targetName().orElse(null),
        intent.featureKind().orElse(null),
        intent.featureName().orElse(null),
        intent.policy().orElse(null),
        entry.outcome().wireName(),
        entry.errorCode().isPresent() ? (Integer) entry.errorCode().getAsInt() : null,
        entry.reason().orElse(null),
        entry.duration().toNanos() / 1_000,
        entry.upstream().toNanos() / 1_000,
        intent.requestBytes(),
        entry.answerBytes(),
        intent.credentialScope().orElse(null),
        intent.argumentsDigest().orElse(null),
        intent.traceId().orElse(null),
        intent.arguments().orElse(null),
        entry.answer().orElse(null));
  }
}
