package io.reflow.gateway.mcp;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Callers without a token that counts. They are counted, and now and then one of them is told of
/// in the log with how many there were since: so that a flood of them is seen, and fills nothing.
final class Strangers {

  private static final Logger LOG = LoggerFactory.getLogger(Strangers.class);
  private static final long PAUSE = Duration.ofSeconds(10).toNanos();

  private final LongSupplier nanos;
  private final AtomicLong count = new AtomicLong();
  private final AtomicLong nextSample;

  /// @param nanos as [System#nanoTime()]
  Strangers(LongSupplier nanos) {
    this.nanos = nanos;
    this.nextSample = new AtomicLong(nanos.getAsLong());
  }

  void refused(AuditTrail trail) {
    var _ = count.incrementAndGet();
    long next = nextSample.get();
    long now = nanos.getAsLong();
    if (now - next >= 0 && nextSample.compareAndSet(next, now + PAUSE)) {
      LOG.atInfo()
          .addKeyValue("refused", count.getAndSet(0))
          .addKeyValue("peer", trail.peer())
          .addKeyValue("tokenSent", trail.tokenSent())
          .addKeyValue("traceId", trail.traceId())
          .log("Callers without a token that counts were refused; this is one of them");
    }
  }
}
