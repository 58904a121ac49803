package io.reflow.gateway.config;

/// The `telemetry` section: export over OTLP.
@InUseWhen("enabled")
public record TelemetryConfig(boolean enabled, String endpoint) {

  static final TelemetryConfig DEFAULTS = new TelemetryConfig(false, "localhost:4317");

  public TelemetryConfig {
    new Check("telemetry")
        .that(!enabled, "enabled", "true", "false: this version has no OTLP export yet")
        .notBlank("endpoint", endpoint)
        .orThrow();
  }
}
