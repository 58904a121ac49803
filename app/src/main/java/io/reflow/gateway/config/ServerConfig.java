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
    new Check("server")
        .notBlank("host", host)
        .port("port", port)
        .that(
            isOrigin(publicUrl),
            "public-url",
            "'%s'".formatted(publicUrl),
            "http:// or https:// with a host, without path, query or user")
        .size("max-body-size", maxBodySize, DataSize.ofKibibytes(1), DataSize.ofMebibytes(1024))
        .size("max-header-size", maxHeaderSize, DataSize.ofKibibytes(1), DataSize.ofMebibytes(1))
        .positive("header-timeout", headerTimeout)
        .positive("body-timeout", bodyTimeout)
        .positive("idle-timeout", idleTimeout)
        .range("max-connections", maxConnections, 1, 1_000_000)
        .notNegative("shutdown-grace", shutdownGrace)
        .orThrow();
  }

  private static boolean isOrigin(URI url) {
    return url.getScheme() != null
        && url.getScheme().matches("https?")
        && url.getHost() != null
        && url.getRawUserInfo() == null
        && url.getRawQuery() == null
        && url.getRawFragment() == null
        && (url.getRawPath().isEmpty() || url.getRawPath().equals("/"));
  }
}
