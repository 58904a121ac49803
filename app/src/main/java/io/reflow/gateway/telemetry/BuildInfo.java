package io.reflow.gateway.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.Meter;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;

/// Which build runs: `reflow_build_info`, always 1. Prometheus has a kind of metric for that, whose
/// suffix a gauge can't have there; OpenTelemetry has not.
record BuildInfo(String version) {

  private static final String NAME = "reflow_build";
  private static final String JAVA = Runtime.version().toString();

  /// Makes it known to OpenTelemetry, and returns it for Prometheus.
  InfoSnapshot register(Meter meter) {
    Attributes attributes =
        Attributes.of(
            AttributeKey.stringKey("version"), version, AttributeKey.stringKey("java"), JAVA);
    meter
        .gaugeBuilder("reflow.build.info")
        .ofLongs()
        .setDescription("Which build runs")
        .buildWithCallback(it -> it.record(1, attributes));
    return InfoSnapshot.builder()
        .name(NAME)
        .help("Which build runs")
        .dataPoint(
            InfoDataPointSnapshot.builder()
                .labels(Labels.of("version", version, "java", JAVA))
                .build())
        .build();
  }

  /// Whether it is this one as the gauge that OpenTelemetry makes of it.
  static boolean is(MetricSnapshot metric) {
    return metric.getMetadata().getName().startsWith(NAME);
  }
}
