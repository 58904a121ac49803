package io.reflow.gateway.config;

import java.time.Duration;

/// The `policy` section. Rules that could not be confirmed for longer than `maxStaleness` deny.
public record PolicyConfig(Duration maxStaleness) {

  static final PolicyConfig DEFAULTS = new PolicyConfig(Duration.ofMinutes(5));

  public PolicyConfig {
    new Check("policy").positive("max-staleness", maxStaleness).orThrow();
  }
}
