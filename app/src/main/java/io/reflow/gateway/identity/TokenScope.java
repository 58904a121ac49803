package io.reflow.gateway.identity;

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
}
