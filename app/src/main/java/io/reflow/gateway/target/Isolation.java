package io.reflow.gateway.target;

/// Who shares a running instance of a target.
public enum Isolation {
  SHARED("shared"),
  PER_ROLE("per_role"),
  PER_GROUP("per_group"),
  PER_USER("per_user");

  private final String wireName;

  Isolation(String wireName) {
    this.wireName = wireName;
  }

  public String wireName() {
    return wireName;
  }
}
