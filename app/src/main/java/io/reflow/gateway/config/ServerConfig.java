package io.reflow.gateway.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// The `server` section: the listener that clients use.
public record ServerConfig(
    String host,
    int port,
    URI publicUrl,
    List<String> allowedHosts,
    Path dataDir,
    DataSize maxBodySize,
    DataSize maxHeaderSize,
    Duration headerTimeout,
    Duration bodyTimeout,
    Duration idleTimeout,
    int maxConnections,
    Duration shutdownGrace) {

  static final ServerConfig DEFAULTS =
      new ServerConfig(
          "127.0.0.1",
          3000,
          URI.create("http://localhost:3000"),
          List.of(),
          Path.of("data"),
          DataSize.ofMebibytes(8),
          DataSize.ofKibibytes(16),
          Duration.ofSeconds(10),
          Duration.ofSeconds(30),
          Duration.ofMinutes(5),
          10_000,
          Duration.ofSeconds(10));

  public ServerConfig {
    allowedHosts = List.copyOf(allowedHosts);
  }
}
