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
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.reflow.gateway.config.Secret;
import io.reflow.gateway.config.TelemetryConfig;
import io.reflow.gateway.telemetry.Losses.Signal;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/// The way to the collector: what the three signals have in common, and what sends each of them.
/// There is none while telemetry is off, so that nothing of it costs anything.
public final class Otlp {

  private static final long ROOM = 8 << 20;
  private static final long ROOM_FOR_AUDIT = 16 << 20;

  private final TelemetryConfig config;
  private final Resource resource;
  private final InstantSource clock;
  private final Losses losses = new Losses(System::nanoTime);

  private Otlp(TelemetryConfig config, String version, String instance, InstantSource clock) {
    this.config = config;
    this.clock = clock;
    this.resource = resource(config, version, instance);
  }

  /// Empty while telemetry is off.
  ///
  /// @param version the gateway's
  /// @param instance names this replica
  public static Optional<Otlp> of(
      TelemetryConfig config, String version, String instance, InstantSource clock) {
    return config.enabled()
        ? Optional.of(new Otlp(config, version, instance, clock))
        : Optional.empty();
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

  /// Who exports.
  public Resource resource() {
    return resource;
  }

  /// Traces requests, where that is wanted; to be closed by who asks for it.
  public Optional<Tracing> tracing() {
    return config.traces()
        ? Optional.of(new Tracing(config, resource, spans(), clock))
        : Optional.empty();
  }

  private Outbox<SpanData> spans() {
    SpanExporter exporter = spanExporter();
    return outbox(Signal.SPANS, ROOM, exporter::export, exporter::shutdown);
  }

  /// Takes the lines of the log, where that is wanted; to be closed by who asks for it.
  public Optional<OtlpLogs> logs() {
    return config.logs() ? Optional.of(logs(Signal.LOGS, ROOM)) : Optional.empty();
  }

  /// Takes the rows of the audit, where that is wanted; to be closed by who asks for it.
  public Optional<OtlpLogs> audit() {
    return config.audit() ? Optional.of(logs(Signal.AUDIT, ROOM_FOR_AUDIT)) : Optional.empty();
  }

  private OtlpLogs logs(Signal signal, long room) {
    LogRecordExporter exporter = logExporter();
    return new OtlpLogs(
        resource, outbox(signal, room, exporter::export, exporter::shutdown), clock);
  }

  private <T> Outbox<T> outbox(
      Signal signal,
      long room,
      Function<Collection<T>, CompletableResultCode> send,
      Supplier<CompletableResultCode> shutdown) {
    var settings = new Outbox.Settings(room, config.interval(), config.timeout());
    var sender =
        new Outbox.Sender<T>() {
          @Override
          public CompletableResultCode send(Collection<T> batch) {
            return send.apply(batch);
          }

          @Override
          public CompletableResultCode shutdown() {
            return shutdown.get();
          }
        };
    var outbox = new Outbox<>(signal, settings, sender, losses);
    outbox.start();
    return outbox;
  }

  /// Whether metrics are exported.
  public boolean metricsEnabled() {
    return config.metrics();
  }

  /// How often they are.
  public Duration metricsInterval() {
    return config.metricsInterval();
  }

  /// How much of each signal did not reach the collector.
  public Map<String, Long> lost() {
    Map<String, Long> lost = new LinkedHashMap<>();
    for (Signal signal : Signal.values()) {
      lost.put(signal.wireName(), losses.total(signal));
    }
    return lost;
  }

  private SpanExporter spanExporter() {
    return switch (config.protocol()) {
      case GRPC ->
          OtlpGrpcSpanExporter.builder()
              .setEndpoint(config.endpoint().toString())
              .setHeaders(this::headers)
              .setTimeout(config.timeout())
              .setRetryPolicy(null)
              .build();
      case HTTP_PROTOBUF ->
          OtlpHttpSpanExporter.builder()
              .setEndpoint(endpoint("traces"))
              .setHeaders(this::headers)
              .setTimeout(config.timeout())
              .setRetryPolicy(null)
              .build();
    };
  }

  private LogRecordExporter logExporter() {
    return switch (config.protocol()) {
      case GRPC ->
          OtlpGrpcLogRecordExporter.builder()
              .setEndpoint(config.endpoint().toString())
              .setHeaders(this::headers)
              .setTimeout(config.timeout())
              .setRetryPolicy(null)
              .build();
      case HTTP_PROTOBUF ->
          OtlpHttpLogRecordExporter.builder()
              .setEndpoint(endpoint("logs"))
              .setHeaders(this::headers)
              .setTimeout(config.timeout())
              .setRetryPolicy(null)
              .build();
    };
  }

  /// What sends metrics; to be closed by who asks for it. It counts and tells by itself what does
  /// not arrive.
  public MetricExporter metricExporter() {
    return new CountedMetrics(plainMetricExporter(), losses);
  }

  private MetricExporter plainMetricExporter() {
    return switch (config.protocol()) {
      case GRPC ->
          OtlpGrpcMetricExporter.builder()
              .setEndpoint(config.endpoint().toString())
              .setHeaders(this::headers)
              .setTimeout(config.timeout())
              .setRetryPolicy(null)
              .build();
      case HTTP_PROTOBUF ->
          OtlpHttpMetricExporter.builder()
              .setEndpoint(endpoint("metrics"))
              .setHeaders(this::headers)
              .setTimeout(config.timeout())
              .setRetryPolicy(null)
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
