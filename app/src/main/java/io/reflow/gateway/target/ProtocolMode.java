package io.reflow.gateway.target;

import java.util.Arrays;
import java.util.Optional;

/// Which era of MCP is spoken with a target.
public enum ProtocolMode {
  /// The newest that both sides know.
  AUTO("auto"),
  /// The era of `initialize`.
  LEGACY("legacy"),
  /// The era in which each request carries its own context.
  MODERN("modern"),
  /// The client's own, where the target speaks both.
  MATCH("match");

  private final String wireName;

  ProtocolMode(String wireName) {
    this.wireName = wireName;
  }

  public String wireName() {
    return wireName;
  }

  public static Optional<ProtocolMode> find(String wireName) {
    return Arrays.stream(values()).filter(mode -> mode.wireName.equals(wireName)).findFirst();
  }
}
