package io.reflow.gateway.config;

import java.time.Duration;

/// The `stdio` section: targets that run as child processes.
public record StdioConfig(
    int maxProcesses,
    int maxProcessesPerTarget,
    int maxProcessesPerUser,
    Duration startTimeout,
    Duration probeTimeout,
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
          Duration.ofSeconds(10),
          Duration.ofMinutes(10),
          Duration.ofHours(24),
          Duration.ofSeconds(2),
          200);

  public StdioConfig {
    new Check("stdio")
        .range("max-processes", maxProcesses, 1, 10_000)
        .range("max-processes-per-target", maxProcessesPerTarget, 1, 10_000)
        .range("max-processes-per-user", maxProcessesPerUser, 1, 10_000)
        .positive("start-timeout", startTimeout)
        .positive("probe-timeout", probeTimeout)
        .positive("idle-timeout", idleTimeout)
        .positive("max-lifetime", maxLifetime)
        .notNegative("stop-grace", stopGrace)
        .range("stderr-lines", stderrLines, 0, 10_000)
        .orThrow();
  }
}
