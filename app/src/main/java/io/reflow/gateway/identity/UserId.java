package io.reflow.gateway.identity;

import java.util.UUID;

/// Names a user for ever.
public record UserId(UUID value) {

  @Override
  public String toString() {
    return value.toString();
  }
}
