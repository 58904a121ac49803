package io.reflow.gateway.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.common.InstrumentationScopeInfo;
import io.opentelemetry.sdk.metrics.data.AggregationTemporality;
import io.opentelemetry.sdk.metrics.data.Data;
import io.opentelemetry.sdk.metrics.data.HistogramData;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.data.MetricDataType;
import io.opentelemetry.sdk.resources.Resource;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Predicate;

/// One metric: a histogram of durations for each set of labels. The OpenTelemetry SDK's own takes a
/// lock for each value, so it is only asked to collect.
///
/// @param <L> the labels; a record, or a word, whose values are few
final class Histograms<L> {

  static final InstrumentationScopeInfo SCOPE =
      InstrumentationScopeInfo.create("io.reflow.gateway");

  private final String name;
  private final String description;
  private final long[] boundaries;
  private final List<Double> boundariesInSeconds;
  private final Function<L, Attributes> attributes;
  private final InstantSource clock;
  private final Instant start;
  private final Map<L, Histogram> histograms = new ConcurrentHashMap<>();

  Histograms(
      String name,
      String description,
      double[] boundaries,
      Function<L, Attributes> attributes,
      InstantSource clock) {
    this.name = name;
    this.description = description;
    this.boundaries = Arrays.stream(boundaries).mapToLong(it -> Math.round(it * 1e9)).toArray();
    this.boundariesInSeconds = Arrays.stream(boundaries).boxed().toList();
    this.attributes = attributes;
    this.clock = clock;
    this.start = clock.instant();
  }

  void record(L labels, Duration duration) {
    Histogram histogram = histograms.get(labels);
    if (histogram == null) {
      histogram = begun(labels);
    }
    histogram.record(duration);
  }

  /// Shows a 0 for these labels until there is more: what is first seen as a 1 has grown unseen.
  void begin(L labels) {
    Histogram _ = begun(labels);
  }

  private Histogram begun(L labels) {
    return histograms.computeIfAbsent(labels, _ -> new Histogram(boundaries));
  }

  void forget(Predicate<L> which) {
    histograms.keySet().removeIf(which);
  }

  /// What is counted so far for each set of labels.
  void read(BiConsumer<L, Reading.Durations> reader) {
    histograms.forEach((labels, histogram) -> reader.accept(labels, histogram.reading()));
  }

  MetricData collect(Resource resource) {
    // The clock may have been set back.
    long now = Math.max(nanos(start), nanos(clock.instant()));
    List<HistogramPointData> points =
        histograms.entrySet().stream()
            .map(it -> point(now, attributes.apply(it.getKey()), it.getValue()))
            .toList();
    return new Collected(
        resource,
        name,
        description,
        HistogramData.create(AggregationTemporality.CUMULATIVE, points));
  }

  private HistogramPointData point(long now, Attributes labels, Histogram histogram) {
    return HistogramPointData.create(
        nanos(start),
        now,
        labels,
        histogram.seconds(),
        false,
        0,
        false,
        0,
        boundariesInSeconds,
        histogram.counts());
  }

  private static long nanos(Instant instant) {
    return instant.getEpochSecond() * 1_000_000_000 + instant.getNano();
  }

  private record Collected(Resource resource, String name, String description, HistogramData data)
      implements MetricData {

    @Override
    public Resource getResource() {
      return resource;
    }

    @Override
    public InstrumentationScopeInfo getInstrumentationScopeInfo() {
      return SCOPE;
    }

    @Override
    public String getName() {
      return name;
    }

    @Override
    public String getDescription() {
      return description;
    }

    @Override
    public String getUnit() {
      return "s";
    }

    @Override
    public MetricDataType getType() {
      return MetricDataType.HISTOGRAM;
    }

    @Override
    public Data<?> getData() {
      return data;
    }
  }
}
