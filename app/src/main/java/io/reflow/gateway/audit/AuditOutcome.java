package io.reflow.gateway.audit;

import java.util.Arrays;
import java.util.Optional;

/// What became of a call.
public enum AuditOutcome {
  ALLOWED("allowed"),
  DENIED("denied"),
  FAILED("failed"),
  CANCELLED("cancelled"),
  /// The gateway ended before the answer: nobody knows what the upstream did.
  INTERRUPTED("interrupted");

  private final String wireName;

  AuditOutcome(String wireName) {
    this.wireName = wireName;
  }

  public String wireName() {
    return wireName;
  }

  public static Optional<AuditOutcome> find(String wireName) {
    return Arrays.stream(values()).filter(outcome -> outcome.wireName.equals(wireName)).findFirst();
  }
}
