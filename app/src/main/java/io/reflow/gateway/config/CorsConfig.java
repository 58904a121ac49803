package io.reflow.gateway.config;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

/// The `cors` section: browser pages of which origins may call, beside the gateway's own.
public record CorsConfig(List<String> allowedOrigins, Duration maxAge) {

  private static final Pattern ORIGIN =
      Pattern.compile(
          "[a-z][a-z0-9+.-]*://[A-Za-z0-9._~-]+(:\\d{1,5})?|https?://\\[[0-9a-f:]+](:\\d{1,5})?");

  static final CorsConfig DEFAULTS = new CorsConfig(List.of(), Duration.ofHours(1));

  public CorsConfig {
    allowedOrigins = List.copyOf(allowedOrigins);
    Check check = new Check("cors").notNegative("max-age", maxAge);
    for (String origin : allowedOrigins) {
      check.that(
          ORIGIN.matcher(origin).matches(),
          "allowed-origins",
          "'%s'".formatted(origin),
          "an origin like https://app.example.com, without a path; '*' is none");
    }
    check.orThrow();
  }
}
