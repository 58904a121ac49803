package io.reflow.gateway.identity;

import java.util.Optional;
import java.util.stream.Stream;

/// What a token is good for. `admin` counts only together with the role of the same name.
public enum TokenScope {
  API("api"),
  MCP("mcp"),
  ADMIN("admin");

  private final String wireName;

  TokenScope(String wireName) {
    this.wireName = wireName;
  }

  public String wireName() {
    return wireName;
  }

  public static Optional<TokenScope> find(String wireName) {
    return Stream.of(values()).filter(scope -> scope.wireName.equals(wireName)).findFirst();
  }
}
