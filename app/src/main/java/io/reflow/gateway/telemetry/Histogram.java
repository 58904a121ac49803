package io.reflow.gateway.telemetry;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/// Counts durations by size. Recording takes no lock.
final class Histogram {

  private final long[] boundaries;
  private final LongAdder[] counts;
  private final LongAdder nanos = new LongAdder();

  /// @param boundaries ascending, in nanoseconds; each is part of the bucket below it
  Histogram(long[] boundaries) {
    this.boundaries = boundaries;
    this.counts = new LongAdder[boundaries.length + 1];
    Arrays.setAll(counts, _ -> new LongAdder());
  }

  void record(Duration duration) {
    long taken = Math.max(0, duration.toNanos());
    int bucket = 0;
    while (bucket < boundaries.length && taken > boundaries[bucket]) {
      bucket++;
    }
    counts[bucket].increment();
    nanos.add(taken);
  }

  List<Long> counts() {
    return Arrays.stream(counts).map(LongAdder::sum).toList();
  }

  Reading.Durations reading() {
    return new Reading.Durations(
        boundaries, Arrays.stream(counts).mapToLong(LongAdder::sum).toArray());
  }

  double seconds() {
    return nanos.sum() / 1e9;
  }
}
