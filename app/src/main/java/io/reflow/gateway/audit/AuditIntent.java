package io.reflow.gateway.audit;

import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.target.TargetId;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/// What is known of a call before anything goes upstream: who asks for what, and which rule and
/// credential open the way. Holds no secret.
///
/// @param time when the call came in, to the microsecond; part of the row's key
/// @param featureName the tool, resource or prompt that the method names
/// @param credentialScope for whom the credentials are that go upstream
/// @param argumentsDigest see [ArgumentDigest]
/// @param arguments see [Bodies]; only where the configuration says so
public record AuditIntent(
    Instant time,
    Optional<UserId> user,
    Optional<String> email,
    Optional<String> session,
    Optional<String> clientName,
    Optional<String> clientVersion,
    Optional<String> protocolVersion,
    String method,
    Optional<TargetId> target,
    Optional<String> targetName,
    Optional<String> featureKind,
    Optional<String> featureName,
    Optional<String> policy,
    long requestBytes,
    Optional<String> credentialScope,
    Optional<String> argumentsDigest,
    Optional<String> traceId,
    Optional<String> arguments) {

  public AuditIntent {
    time = time.truncatedTo(ChronoUnit.MICROS);
  }

  AuditIntent with(Optional<String> arguments) {
    return new AuditIntent(
        time,
        user,
        email,
        session,
        clientName,
        clientVersion,
        protocolVersion,
        method,
        target,
        targetName,
        featureKind,
        featureName,
        policy,
        requestBytes,
        credentialScope,
        argumentsDigest,
        traceId,
        arguments);
  }
}
