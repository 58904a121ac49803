package io.reflow.gateway.policy;

import io.reflow.gateway.target.TargetId;

/// What a caller wants to reach: one tool, resource or prompt of one target, by the upstream's own
/// name (without prefix) or URI.
public record Feature(TargetId target, Kind kind, String name) {

  /// The kinds of features that policies speak about.
  public enum Kind {
    TOOL("tool"),
    RESOURCE("resource"),
    PROMPT("prompt");

    private final String wireName;

    Kind(String wireName) {
      this.wireName = wireName;
    }

    public String wireName() {
      return wireName;
    }
  }
}
