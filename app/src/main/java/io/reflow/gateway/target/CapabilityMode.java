package io.reflow.gateway.target;

import java.util.Arrays;
import java.util.Optional;

/// What a target that is told once and for all hears of what clients can do.
public enum CapabilityMode {
  /// What they can: clients that can do different things have instances of their own.
  FINGERPRINT("fingerprint"),
  /// Everything: all clients share, and a call ends where the target asks for what its client can't
  /// do.
  SUPERSET("superset");

  private final String wireName;

  CapabilityMode(String wireName) {
    this.wireName = wireName;
  }

  public String wireName() {
    return wireName;
  }

  public static Optional<CapabilityMode> find(String wireName) {
    return Arrays.stream(values()).filter(mode -> mode.wireName.equals(wireName)).findFirst();
  }
}
