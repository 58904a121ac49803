package io.reflow.gateway.upstream.era;

import java.util.Arrays;
import java.util.Optional;

/// The two ways in which MCP is spoken.
public enum Era {
  /// With `initialize` and a session behind it.
  INITIALIZE("legacy"),
  /// With its own context in each request.
  STATELESS("modern");

  private final String wireName;

  Era(String wireName) {
    this.wireName = wireName;
  }

  public String wireName() {
    return wireName;
  }

  public static Optional<Era> find(String wireName) {
    return Arrays.stream(values()).filter(era -> era.wireName.equals(wireName)).findFirst();
  }
}
