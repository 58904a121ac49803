package io.reflow.gateway.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleBiFunction;
import java.util.function.ToDoubleFunction;

/// All samples of one way at one number of connections.
final class Row {

  private final String way;
  private final int connections;
  private final List<Round> rounds = new ArrayList<>();
  private final Latencies latencies = new Latencies();

  /// What is kept of one sample.
  record Round(double perSecond, double cpuMicros, double databaseMicros, double medianMillis) {}

  Row(String way, int connections) {
    this.way = way;
    this.connections = connections;
  }

  void add(Sample sample) {
    rounds.add(
        new Round(
            sample.perSecond(),
            sample.cpuMicros(),
            sample.databaseMicros(),
            sample.medianMillis()));
    latencies.add(sample.latencies());
  }

  String way() {
    return way;
  }

  int connections() {
    return connections;
  }

  Latencies latencies() {
    return latencies;
  }

  /// The median of the rounds.
  double perSecond() {
    return median(Round::perSecond);
  }

  /// What a call costs the server that is asked: this hardly depends on what else the machine does.
  double cpuMicros() {
    return median(Round::cpuMicros);
  }

  /// What a call costs the server's database beside that.
  double databaseMicros() {
    return median(Round::databaseMicros);
  }

  /// The median of the rounds' ratios: what disturbs the machine for a while disturbs both.
  double ratioTo(Row other) {
    return beside(other, (mine, its) -> mine.perSecond() / its.perSecond());
  }

  /// The median of what comes of each round and the same one of another way.
  double beside(Row other, ToDoubleBiFunction<Round, Round> comparison) {
    double[] values = new double[rounds.size()];
    Arrays.setAll(values, i -> comparison.applyAsDouble(rounds.get(i), other.rounds.get(i)));
    return median(values);
  }

  private double median(ToDoubleFunction<Round> what) {
    return median(rounds.stream().mapToDouble(what).toArray());
  }

  private static double median(double[] values) {
    Arrays.sort(values);
    int middle = values.length / 2;
    return values.length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  }
}
