package io.reflow.gateway.telemetry;

import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Counts what does not reach the collector, and warns of it once a minute.
final class Losses {

  private static final Logger LOG = LoggerFactory.getLogger(Losses.class);
  private static final long PAUSE = Duration.ofMinutes(1).toNanos();

  /// What is exported.
  enum Signal {
    SPANS("spans"),
    LOGS("logs"),
    AUDIT("audit"),
    METRICS("metrics");

    private final String wireName;

    Signal(String wireName) {
      this.wireName = wireName;
    }

    String wireName() {
      return wireName;
    }
  }

  private final LongSupplier nanos;
  private final Map<Signal, LongAdder> lost = new EnumMap<>(Signal.class);
  private final Map<Signal, Long> told = new EnumMap<>(Signal.class);
  private String why = "";
  private final Set<Signal> failing = EnumSet.noneOf(Signal.class);
  private boolean warned;
  private long warnedAt;

  /// @param nanos as [System#nanoTime] counts
  Losses(LongSupplier nanos) {
    this.nanos = nanos;
    this.warnedAt = nanos.getAsLong() - PAUSE;
    for (Signal signal : Signal.values()) {
      lost.put(signal, new LongAdder());
      told.put(signal, 0L);
    }
  }

  /// Costs who hands something over no more than this.
  void lost(Signal signal, long count) {
    counter(signal).add(count);
  }

  private LongAdder counter(Signal signal) {
    return Objects.requireNonNull(lost.get(signal));
  }

  /// How much of a signal was lost until now.
  long total(Signal signal) {
    return counter(signal).sum();
  }

  /// An export has failed; it may be tried again.
  synchronized void failed(Signal signal, String reason) {
    why = reason;
    failing.add(signal);
    report();
  }

  /// An export has arrived.
  synchronized void arrived(Signal signal) {
    failing.remove(signal);
    report();
    if (warned && failing.isEmpty() && news() == 0) {
      warned = false;
      LOG.atInfo().log("The OTLP collector takes what is exported again");
    }
  }

  /// Says what there is to be said, if it is time for that. Called by those who export, again and
  /// again.
  synchronized void report() {
    if ((!failing.isEmpty() || news() > 0) && nanos.getAsLong() - warnedAt >= PAUSE) {
      warn();
    }
  }

  /// The last word.
  synchronized void close() {
    if (news() > 0) {
      warn();
    }
  }

  private long news() {
    long sum = 0;
    for (Signal signal : Signal.values()) {
      sum += total(signal) - told.getOrDefault(signal, 0L);
    }
    return sum;
  }

  private void warn() {
    var entry = LOG.atWarn();
    for (Signal signal : Signal.values()) {
      long now = total(signal);
      long fresh = now - told.getOrDefault(signal, 0L);
      told.put(signal, now);
      if (fresh > 0) {
        entry = entry.addKeyValue("lost." + signal.wireName(), fresh);
      }
    }
    entry
        .addKeyValue("reason", failing.isEmpty() ? "more was exported than it took in time" : why)
        .log("The OTLP collector does not take all that is exported");
    warned = true;
    warnedAt = nanos.getAsLong();
  }
}
