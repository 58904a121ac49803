package io.reflow.gateway.config;

import java.time.Duration;

/// The `terminal` section: terminals that admins open in the surroundings of an instance.
public record TerminalConfig(
    boolean enabled, String shell, int maxOpen, Duration idleTimeout, Duration maxDuration) {

  static final TerminalConfig DEFAULTS =
      new TerminalConfig(false, "sh", 4, Duration.ofMinutes(10), Duration.ofHours(1));

  public TerminalConfig {
    new Check("terminal")
        .notBlank("shell", shell)
        .range("max-open", maxOpen, 1, 100)
        .positive("idle-timeout", idleTimeout)
        .positive("max-duration", maxDuration)
        .orThrow();
  }
}
