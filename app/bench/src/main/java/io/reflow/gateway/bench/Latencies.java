package io.reflow.gateway.bench;

import java.time.Duration;

/// Counts how long answers took, to the microsecond; one second and more is all the same.
final class Latencies {

  private static final int LONGEST = 1_000_000;

  private final int[] counts = new int[LONGEST + 1];
  private long total;

  void add(long nanos) {
    counts[(int) Math.min(LONGEST, nanos / 1000)]++;
    total++;
  }

  void add(Latencies others) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += others.counts[i];
    }
    total += others.total;
  }

  long total() {
    return total;
  }

  /// The time within which that share of the answers was there.
  Duration quantile(double share) {
    long wanted = (long) Math.ceil(share * total);
    long seen = 0;
    int micros = 0;
    while (micros < LONGEST && seen + counts[micros] < wanted) {
      seen += counts[micros];
      micros++;
    }
    return Duration.ofNanos(micros * 1000L);
  }
}
