package io.reflow.gateway.policy;

/// What a policy does with what it matches.
public enum Effect {
  ALLOW("allow"),
  DENY("deny");

  private final String wireName;

  Effect(String wireName) {
    this.wireName = wireName;
  }

  public String wireName() {
    return wireName;
  }
}
