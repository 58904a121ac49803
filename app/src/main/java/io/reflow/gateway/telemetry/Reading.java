package io.reflow.gateway.telemetry;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// What the gateway has counted up to a moment. Two of them say what happened in between.
///
/// @param nanos when, as [System#nanoTime()]
/// @param requests all that clients were answered
/// @param tools the calls of tools, by target
/// @param refused requests whose caller was never known
public record Reading(long nanos, Counts requests, Map<String, Counts> tools, long refused) {

  public Reading {
    tools = Map.copyOf(tools);
  }

  /// How much was answered, by outcome and by how long it took.
  public record Counts(Map<String, Long> outcomes, Durations durations) {

    public static final Counts NONE = new Counts(Map.of(), Durations.NONE);

    public Counts {
      outcomes = Map.copyOf(outcomes);
    }

    public long of(String outcome) {
      return outcomes.getOrDefault(outcome, 0L);
    }

    public long all() {
      return outcomes.values().stream().mapToLong(Long::longValue).sum();
    }

    Counts plus(Counts other) {
      Map<String, Long> sum = new HashMap<>(outcomes);
      other.outcomes.forEach((outcome, count) -> sum.merge(outcome, count, Long::sum));
      return new Counts(sum, durations.plus(other.durations));
    }

    /// What has come since an earlier reading.
    public Counts since(Counts earlier) {
      Map<String, Long> grown = new HashMap<>();
      outcomes.forEach((outcome, count) -> grown.put(outcome, count - earlier.of(outcome)));
      return new Counts(grown, durations.minus(earlier.durations));
    }

    /// A duration that this part of all took at most, as exactly as the buckets tell; of those
    /// beyond the last end that end. Empty where there is nothing.
    public Optional<Duration> percentile(double part) {
      long[] counts = durations.counts();
      long[] ends = durations.ends();
      long all = Arrays.stream(counts).sum();
      if (all <= 0) {
        return Optional.empty();
      }
      long wanted = Math.max(1, (long) Math.ceil(all * part));
      long seen = 0;
      int bucket = -1;
      while (seen < wanted && bucket < ends.length - 1) {
        bucket++;
        seen += counts[bucket];
      }
      return Optional.of(Duration.ofNanos(ends[bucket]));
    }
  }

  /// How many took how long: of each bucket its upper end, in nanoseconds, and what is in it. The
  /// last one has no end.
  @SuppressWarnings("ArrayRecordComponent") // never compared, never changed
  public record Durations(long[] ends, long[] counts) {

    static final Durations NONE = new Durations(new long[0], new long[0]);

    private Durations plus(Durations other) {
      return combined(other, 1);
    }

    private Durations minus(Durations other) {
      return combined(other, -1);
    }

    private Durations combined(Durations other, int sign) {
      if (other.counts.length == 0) {
        return this;
      }
      long[] result =
          counts.length == 0 ? new long[other.counts.length] : Arrays.copyOf(counts, counts.length);
      for (int i = 0; i < result.length; i++) {
        result[i] += sign * other.counts[i];
      }
      return new Durations(other.ends, result);
    }
  }
}
