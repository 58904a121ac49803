package io.reflow.gateway.config;

import java.time.Duration;

/// The `shutdown` section. `flightDrain` is what clients get to come back for their suspended calls
/// before the gateway stops.
public record ShutdownConfig(Duration flightDrain) {

  static final ShutdownConfig DEFAULTS = new ShutdownConfig(Duration.ofSeconds(60));

  public ShutdownConfig {
    new Check("shutdown").notNegative("flight-drain", flightDrain).orThrow();
  }
}
