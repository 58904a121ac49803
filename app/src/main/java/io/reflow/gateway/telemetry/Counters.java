package io.reflow.gateway.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.Meter;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.Predicate;

/// One metric: a counter for each set of labels. Counting takes no lock.
///
/// @param <L> the labels; a record, or a word, whose values are few
final class Counters<L> {

  private final Map<L, LongAdder> counters = new ConcurrentHashMap<>();

  Counters(
      Meter meter, String name, String unit, String description, Function<L, Attributes> labels) {
    meter
        .counterBuilder(name)
        .setUnit(unit)
        .setDescription(description)
        .buildWithCallback(
            it -> counters.forEach((key, count) -> it.record(count.sum(), labels.apply(key))));
  }

  void add(L labels) {
    LongAdder counter = counters.get(labels);
    if (counter == null) {
      counter = counters.computeIfAbsent(labels, _ -> new LongAdder());
    }
    counter.increment();
  }

  long total() {
    return counters.values().stream().mapToLong(LongAdder::sum).sum();
  }

  void forget(Predicate<L> which) {
    counters.keySet().removeIf(which);
  }
}
