package io.reflow.gateway.config;

import java.time.Duration;
import java.util.Optional;

/// The `database` section. Without a `host` the gateway runs a PostgreSQL of its own under
/// `server.data-dir`.
public record DatabaseConfig(
    Optional<String> host,
    int port,
    String name,
    String user,
    Optional<Secret> password,
    String sslmode,
    int poolSize,
    Duration connectionTimeout,
    Duration lockTimeout) {

  static final DatabaseConfig DEFAULTS =
      new DatabaseConfig(
          Optional.empty(),
          5432,
          "reflow",
          "reflow",
          Optional.empty(),
          "prefer",
          10,
          Duration.ofSeconds(5),
          Duration.ofSeconds(10));
}
