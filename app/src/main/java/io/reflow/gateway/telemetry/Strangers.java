package io.reflow.gateway.telemetry;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Callers without a token that counts. They are counted, and now and then one of them is told of
/// in the log with how many there were since: so that a flood of them is seen, and fills nothing.
public final class Strangers {

  private static final Logger LOG = LoggerFactory.getLogger(Strangers.class);
  private static final long PAUSE = Duration.ofSeconds(10).toNanos();

  private final Metrics metrics;
  private final LongSupplier nanos;
  private final AtomicLong count = new AtomicLong();
  private final AtomicLong nextSample;

  /// @param nanos as [System#nanoTime()]
  public Strangers(Metrics metrics, LongSupplier nanos) {
    this.metrics = metrics;
    this.nanos = nanos;
    this.nextSample = new AtomicLong(nanos.getAsLong());
  }

  /// Counts one, and says so now and then.
  ///
  /// @param reason a word for the figures
  /// @param peer where the caller is
  public void refused(String reason, Supplier<String> peer, boolean tokenSent, String traceId) {
    metrics.refused(reason);
    var _ = count.incrementAndGet();
    long next = nextSample.get();
    long now = nanos.getAsLong();
    if (now - next >= 0 && nextSample.compareAndSet(next, now + PAUSE)) {
      LOG.atInfo()
          .addKeyValue("refused", count.getAndSet(0))
          .addKeyValue("peer", peer.get())
          .addKeyValue("tokenSent", tokenSent)
          .addKeyValue("traceId", traceId)
          .log("Callers without a token that counts were refused; this is one of them");
    }
  }
}
