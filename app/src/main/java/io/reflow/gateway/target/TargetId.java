package io.reflow.gateway.target;

import java.util.UUID;

/// Names a target for ever, whatever it is called.
public record TargetId(UUID value) {

  @Override
  public String toString() {
    return value.toString();
  }
}
