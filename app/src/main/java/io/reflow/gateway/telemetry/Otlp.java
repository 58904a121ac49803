package io.reflow.gateway.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.exporter.otlp.http.logs.OtlpHttpLogRecordExporter;
import io.opentelemetry.exporter.otlp.http.metrics.OtlpHttpMetricExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.logs.OtlpGrpcLogRecordExporter;
import io.opentelemetry.exporter.otlp.metrics.OtlpGrpcMetricExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.reflow.gateway.config.Secret;
import io.reflow.gateway.config.TelemetryConfig;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// The way to the collector: what the three signals have in common, and what sends each of them.
/// There is none while telemetry is off, so that nothing of it costs anything.
public final class Otlp {

  private final TelemetryConfig config;
  private final Resource resource;

  private Otlp(TelemetryConfig config, String version, String instance) {
    this.config = config;
    this.resource = resource(config, version, instance);
  }

  /// @param version the gateway's
  /// @param instance names this replica
  public static Optional<Otlp> of(TelemetryConfig config, String version, String instance) {
    return config.enabled() ? Optional.of(new Otlp(config, version, instance)) : Optional.empty();
  }

  // https://opentelemetry.io/docs/specs/semconv/resource/
  private static Resource resource(TelemetryConfig config, String version, String instance) {
    AttributesBuilder attributes = Attributes.builder();
    for (String attribute : config.resourceAttributes()) {
      String[] parts = attribute.split("=", 2);
      attributes.put(AttributeKey.stringKey(parts[0]), parts[1]);
    }
    return Resource.create(
        attributes
            .put("service.name", config.serviceName())
            .put("service.version", version)
            .put("service.instance.id", instance)
            .put("telemetry.sdk.name", "opentelemetry")
            .put("telemetry.sdk.language", "java")
            .build());
  }

  TelemetryConfig config() {
    return config;
  }

  /// Who exports.
  public Resource resource() {
    return resource;
  }

  SpanExporter spanExporter() {
    return switch (config.protocol()) {
      case GRPC ->
          OtlpGrpcSpanExporter.builder()
              .setEndpoint(config.endpoint().toString())
              .setHeaders(this::headers)
              .setTimeout(config.timeout())
              .build();
      case HTTP_PROTOBUF ->
          OtlpHttpSpanExporter.builder()
              .setEndpoint(endpoint("traces"))
              .setHeaders(this::headers)
              .setTimeout(config.timeout())
              .build();
    };
  }

  LogRecordExporter logExporter() {
    return switch (config.protocol()) {
      case GRPC ->
          OtlpGrpcLogRecordExporter.builder()
              .setEndpoint(config.endpoint().toString())
              .setHeaders(this::headers)
              .setTimeout(config.timeout())
              .build();
      case HTTP_PROTOBUF ->
          OtlpHttpLogRecordExporter.builder()
              .setEndpoint(endpoint("logs"))
              .setHeaders(this::headers)
              .setTimeout(config.timeout())
              .build();
    };
  }

  /// What sends metrics; to be closed by who asks for it.
  public MetricExporter metricExporter() {
    return switch (config.protocol()) {
      case GRPC ->
          OtlpGrpcMetricExporter.builder()
              .setEndpoint(config.endpoint().toString())
              .setHeaders(this::headers)
              .setTimeout(config.timeout())
              .build();
      case HTTP_PROTOBUF ->
          OtlpHttpMetricExporter.builder()
              .setEndpoint(endpoint("metrics"))
              .setHeaders(this::headers)
              .setTimeout(config.timeout())
              .build();
    };
  }

  /// The paths of the three signals are below the one that is configured.
  private String endpoint(String signal) {
    String base = config.endpoint().toString();
    return (base.endsWith("/") ? base : base + "/") + "v1/" + signal;
  }

  private Map<String, String> headers() {
    Map<String, String> headers = new LinkedHashMap<>();
    for (Secret header : config.headers()) {
      String[] parts = header.reveal().split(":", 2);
      headers.put(parts[0], parts[1].strip());
    }
    return headers;
  }
}
