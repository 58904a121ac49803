package io.reflow.gateway.target;

/// Which era of MCP is spoken with a target.
public enum ProtocolMode {
  /// The newest that both sides know.
  AUTO("auto"),
  /// The era of `initialize`.
  LEGACY("legacy");

  private final String wireName;

  ProtocolMode(String wireName) {
    this.wireName = wireName;
  }

  public String wireName() {
    return wireName;
  }
}
