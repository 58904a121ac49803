package io.reflow.gateway.telemetry;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.metrics.Aggregation;
import io.opentelemetry.sdk.metrics.InstrumentType;
import io.opentelemetry.sdk.metrics.data.AggregationTemporality;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.reflow.gateway.telemetry.Losses.Signal;
import java.util.Collection;

/// Sends metrics, and counts what does not arrive: the next ones tell what these would have told.
final class CountedMetrics implements MetricExporter {

  private final MetricExporter exporter;
  private final Losses losses;

  CountedMetrics(MetricExporter exporter, Losses losses) {
    this.exporter = exporter;
    this.losses = losses;
  }

  @Override
  public CompletableResultCode export(Collection<MetricData> metrics) {
    CompletableResultCode result = exporter.export(metrics);
    return result.whenComplete(() -> {
      if (result.isSuccess()) {
        losses.arrived(Signal.METRICS);
      } else {
        losses.lost(Signal.METRICS, metrics.size());
        losses.failed(Signal.METRICS, Outbox.why(result));
      }
    });
  }

  @Override
  public AggregationTemporality getAggregationTemporality(InstrumentType type) {
    return exporter.getAggregationTemporality(type);
  }

  @Override
  public Aggregation getDefaultAggregation(InstrumentType type) {
    return exporter.getDefaultAggregation(type);
  }

  @Override
  public CompletableResultCode flush() {
    return exporter.flush();
  }

  @Override
  public CompletableResultCode shutdown() {
    return exporter.shutdown();
  }
}
