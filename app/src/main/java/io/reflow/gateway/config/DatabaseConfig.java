package io.reflow.gateway.config;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The `database` section. Without a `host` the gateway runs a PostgreSQL of its own under
/// `server.data-dir`.
@InUseWhen("host")
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

  private static final List<String> SSL_MODES =
      List.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");

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

  public DatabaseConfig {
    new Check("database")
        .range("port", port, 1, 65_535)
        .notBlank("name", name)
        .notBlank("user", user)
        .that(
            SSL_MODES.contains(sslmode),
            "sslmode",
            "'%s'".formatted(sslmode),
            "one of " + String.join(", ", SSL_MODES))
        .range("pool-size", poolSize, 1, 1000)
        .positive("connection-timeout", connectionTimeout)
        .positive("lock-timeout", lockTimeout)
        .orThrow();
  }
}
