package io.reflow.gateway.session;

import io.reflow.gateway.fault.GatewayException.Unavailable;
import java.time.Duration;
import java.util.function.Supplier;

/// Spares callers the wait for a database that could not be reached a moment ago.
final class Outage {

  private static final long REMEMBERED_NANOS = Duration.ofSeconds(1).toNanos();
  private static final Duration TRY_AGAIN = Duration.ofSeconds(5);

  private volatile long failedAt;
  private volatile boolean failed;

  /// @throws Unavailable when the database is away
  <T> T ask(Supplier<T> question) {
    if (failed && System.nanoTime() - failedAt < REMEMBERED_NANOS) {
      throw new Unavailable("the database can't be reached to look for the session", TRY_AGAIN);
    }
    try {
      T answer = question.get();
      failed = false;
      return answer;
    } catch (Unavailable e) {
      failedAt = System.nanoTime();
      failed = true;
      throw e;
    }
  }
}
