package io.reflow.gateway.config;

import java.time.Duration;
import java.util.List;

/// The `cors` section: browser pages of which origins may call, beside the gateway's own.
public record CorsConfig(List<String> allowedOrigins, Duration maxAge) {

  static final CorsConfig DEFAULTS = new CorsConfig(List.of(), Duration.ofHours(1));

  public CorsConfig {
    allowedOrigins = List.copyOf(allowedOrigins);
  }
}
