package io.reflow.gateway.config;

import java.time.Duration;

/// The `session` section: the MCP sessions of clients. `timeout` is the longest idle time.
public record SessionConfig(
    Duration timeout, Duration maxLifetime, int maxPerUser, int maxStreamsPerUser) {

  static final SessionConfig DEFAULTS =
      new SessionConfig(Duration.ofMinutes(30), Duration.ofHours(24), 50, 20);

  public SessionConfig {
    new Check("session")
        .positive("timeout", timeout)
        .positive("max-lifetime", maxLifetime)
        .atLeast("max-lifetime", maxLifetime, "timeout", timeout)
        .range("max-per-user", maxPerUser, 1, 100_000)
        .range("max-streams-per-user", maxStreamsPerUser, 1, 100_000)
        .orThrow();
  }
}
