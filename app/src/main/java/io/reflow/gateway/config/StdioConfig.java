package io.reflow.gateway.config;

import java.time.Duration;

/// The `stdio` section: targets that run as child processes.
public record StdioConfig(
    int maxProcesses,
    int maxProcessesPerTarget,
    int maxProcessesPerUser,
    Duration startTimeout,
    Duration idleTimeout,
    Duration maxLifetime,
    Duration stopGrace,
    int stderrLines) {

  static final StdioConfig DEFAULTS =
      new StdioConfig(
          500,
          100,
          20,
          Duration.ofSeconds(60),
          Duration.ofMinutes(10),
          Duration.ofHours(24),
          Duration.ofSeconds(2),
          200);
}
