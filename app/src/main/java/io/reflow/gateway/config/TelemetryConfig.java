package io.reflow.gateway.config;

/// The `telemetry` section: export over OTLP.
public record TelemetryConfig(boolean enabled, String endpoint) {

  static final TelemetryConfig DEFAULTS = new TelemetryConfig(false, "localhost:4317");
}
