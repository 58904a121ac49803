package io.reflow.gateway.target;

import java.util.Arrays;
import java.util.Optional;

/// What clients call the resources of a target.
public enum UriMode {
  /// As the target does.
  PASSTHROUGH("passthrough"),
  /// By URIs that name the target, for targets whose URIs collide.
  WRAP("wrap");

  private final String wireName;

  UriMode(String wireName) {
    this.wireName = wireName;
  }

  public String wireName() {
    return wireName;
  }

  public static Optional<UriMode> find(String wireName) {
    return Arrays.stream(values()).filter(mode -> mode.wireName.equals(wireName)).findFirst();
  }
}
