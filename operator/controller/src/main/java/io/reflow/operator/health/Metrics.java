package io.reflow.operator.health;

import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/// What the operator counts, in Prometheus' text format.
public final class Metrics {

  private final LongAdder reconciled = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder podsMade = new LongAdder();
  private final LongAdder podsRemoved = new LongAdder();

  /// What is looked at when somebody asks.
  ///
  /// @param phases the number of instances by the name of their phase
  public record Gauges(boolean leading, int queued, Map<String, Integer> phases) {}

  public void reconciled() {
    reconciled.increment();
  }

  public void reconcileFailed() {
    failed.increment();
  }

  public void podMade() {
    podsMade.increment();
  }

  public void podRemoved() {
    podsRemoved.increment();
  }

  public String text(Gauges gauges) {
    var text = new StringBuilder();
    counter(text, "reconciles", "Looks at an instance that went well.", reconciled);
    counter(text, "reconcile_failures", "Looks at an instance that failed.", failed);
    counter(text, "pods_made", "Pods made.", podsMade);
    counter(text, "pods_removed", "Pods removed.", podsRemoved);
    gauge(text, "leader", "Whether this replica is the one that acts.", gauges.leading() ? 1 : 0);
    gauge(text, "queue_depth", "Instances that wait for a worker.", gauges.queued());
    head(text, "instances", "Instances by phase.", "gauge");
    gauges
        .phases()
        .forEach((phase, count) ->
            text.append("reflow_operator_instances{phase=\"%s\"} %d\n".formatted(phase, count)));
    return text.toString();
  }

  private static void counter(StringBuilder text, String name, String help, LongAdder value) {
    head(text, name + "_total", help, "counter");
    text.append("reflow_operator_%s_total %d\n".formatted(name, value.sum()));
  }

  private static void gauge(StringBuilder text, String name, String help, int value) {
    head(text, name, help, "gauge");
    text.append("reflow_operator_%s %d\n".formatted(name, value));
  }

  private static void head(StringBuilder text, String name, String help, String type) {
    text.append("# HELP reflow_operator_%s %s\n".formatted(name, help));
    text.append("# TYPE reflow_operator_%s %s\n".formatted(name, type));
  }
}
