package io.reflow.gateway.audit;

import static java.util.function.Function.identity;
import static java.util.stream.Collectors.toMap;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/// What became of a call.
public enum AuditOutcome {
  ALLOWED("allowed"),
  DENIED("denied"),
  FAILED("failed"),
  CANCELLED("cancelled"),
  /// The gateway ended before the answer: nobody knows what the upstream did.
  INTERRUPTED("interrupted");

  private static final Map<String, AuditOutcome> BY_WIRE_NAME =
      Arrays.stream(values()).collect(toMap(AuditOutcome::wireName, identity()));

  private final String wireName;

  AuditOutcome(String wireName) {
    this.wireName = wireName;
  }

  public String wireName() {
    return wireName;
  }

  public static Optional<AuditOutcome> find(String wireName) {
    return Optional.ofNullable(BY_WIRE_NAME.get(wireName));
  }
}
