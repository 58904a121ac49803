package io.reflow.gateway.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.resources.Resource;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;

/// The calls of tools. So many tools have figures of their own; the others of a target count
/// together.
final class ToolFigures {

  static final int MAX_TOOLS = 500;

  private static final AttributeKey<String> TOOL = AttributeKey.stringKey("tool");
  private static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("outcome");

  private final Histograms<Tool> durations;
  private final Map<Tool, Outcomes> known = new ConcurrentHashMap<>();
  private final AtomicInteger named = new AtomicInteger();

  private record Tool(String target, String name) {

    Attributes attributes() {
      return Attributes.of(Metrics.TARGET, target, TOOL, name);
    }
  }

  /// The calls of one tool.
  private static final class Outcomes {
    private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();

    void add(String outcome) {
      LongAdder count = counts.get(outcome);
      if (count == null) {
        count = counts.computeIfAbsent(outcome, _ -> new LongAdder());
      }
      count.increment();
    }

    Reading.Counts reading() {
      Map<String, Long> sums = new HashMap<>();
      counts.forEach((outcome, count) -> sums.put(outcome, count.sum()));
      return new Reading.Counts(sums, Reading.Durations.NONE);
    }
  }

  ToolFigures(double[] boundaries, InstantSource clock) {
    this.durations =
        new Histograms<>(
            "reflow.tool.call.duration",
            "How long calls of a tool took",
            boundaries,
            Tool::attributes,
            clock);
  }

  void register(Meter meter) {
    meter
        .counterBuilder("reflow.tool.calls")
        .setUnit("{call}")
        .setDescription("Calls of a tool by outcome")
        .buildWithCallback(it ->
            known.forEach((tool, outcomes) ->
                outcomes.counts.forEach((outcome, count) ->
                    it.record(
                        count.sum(),
                        tool.attributes().toBuilder().put(OUTCOME, outcome).build()))));
  }

  /// @param target a label
  /// @param name as the target or the client says it
  void record(String target, String name, String outcome, Duration taken) {
    var tool = new Tool(target, Labels.shown(name));
    Outcomes outcomes = known.get(tool);
    if (outcomes == null) {
      // Only an allowed call gives a tool a name here: what clients make up finds no place.
      tool = outcome.equals("allowed") && takePlace() ? tool : new Tool(target, Labels.OTHER);
      outcomes = place(tool);
    }
    outcomes.add(outcome);
    durations.record(tool, taken);
  }

  private boolean takePlace() {
    if (named.get() >= MAX_TOOLS) {
      return false;
    }
    if (named.incrementAndGet() > MAX_TOOLS) {
      named.decrementAndGet();
      return false;
    }
    return true;
  }

  private Outcomes place(Tool tool) {
    var fresh = new Outcomes();
    Outcomes there = known.putIfAbsent(tool, fresh);
    if (there != null && !tool.name().equals(Labels.OTHER)) {
      named.decrementAndGet();
    }
    return there == null ? fresh : there;
  }

  void forget(String target) {
    known
        .keySet()
        .removeIf(tool -> {
          boolean gone = tool.target().equals(target);
          if (gone && !tool.name().equals(Labels.OTHER)) {
            named.decrementAndGet();
          }
          return gone;
        });
    durations.forget(tool -> tool.target().equals(target));
  }

  /// What is counted so far, a piece at a time, with the target it is about.
  void read(BiConsumer<String, Reading.Counts> reader) {
    known.forEach((tool, outcomes) -> reader.accept(tool.target(), outcomes.reading()));
    durations.read(
        (tool, counted) -> reader.accept(tool.target(), new Reading.Counts(Map.of(), counted)));
  }

  MetricData collect(Resource resource) {
    return durations.collect(resource);
  }
}
