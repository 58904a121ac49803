package io.reflow.gateway.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// All samples of one way at one number of connections.
final class Row {

  private final String way;
  private final int connections;
  private final List<Double> rates = new ArrayList<>();
  private final List<Double> cpuMicros = new ArrayList<>();
  private final Latencies latencies = new Latencies();

  Row(String way, int connections) {
    this.way = way;
    this.connections = connections;
  }

  void add(Sample sample) {
    rates.add(sample.perSecond());
    cpuMicros.add(sample.cpuMicros());
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
    return median(rates.stream().mapToDouble(Double::doubleValue).toArray());
  }

  /// What a call costs the server that is asked: this hardly depends on what else the machine does.
  double cpuMicros() {
    return median(cpuMicros.stream().mapToDouble(Double::doubleValue).toArray());
  }

  /// The median of the rounds' ratios: what disturbs the machine for a while disturbs both.
  double ratioTo(Row other) {
    double[] ratios = new double[rates.size()];
    Arrays.setAll(ratios, i -> rates.get(i) / other.rates.get(i));
    return median(ratios);
  }

  private static double median(double[] values) {
    Arrays.sort(values);
    int middle = values.length / 2;
    return values.length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  }
}
