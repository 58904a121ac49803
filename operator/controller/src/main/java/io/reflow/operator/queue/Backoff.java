package io.reflow.operator.queue;

import java.time.Duration;

/// Pauses that double from one failure to the next, up to a longest one.
public record Backoff(Duration first, Duration longest) {

  private static final int MOST_DOUBLINGS = 20;

  public Backoff {
    if (first.isNegative() || first.isZero() || longest.compareTo(first) < 0) {
      throw new IllegalArgumentException("The pauses must grow from above zero to the longest");
    }
  }

  /// The pause after that many failures in a row.
  public Duration after(int failures) {
    int doublings = Math.clamp(failures - 1L, 0, MOST_DOUBLINGS);
    Duration pause = first.multipliedBy(1L << doublings);
    return pause.compareTo(longest) < 0 ? pause : longest;
  }
}
