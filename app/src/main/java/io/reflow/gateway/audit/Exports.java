package io.reflow.gateway.audit;

import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.identity.UserId;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The exports under way: one of each user, and so few of all that they cost little. Admins don't
/// wait for the others, however slowly those read.
final class Exports {

  private static final int AT_ONCE = 4;
  private static final Duration RETRY_AFTER = Duration.ofSeconds(30);

  private final Map<UserId, CountDownLatch> underWay = new ConcurrentHashMap<>();
  private final Semaphore admins = new Semaphore(AT_ONCE);
  private final Semaphore users = new Semaphore(AT_ONCE);
  private final Duration patience;

  /// @param patience for an export that is about to end: its client may have read all of it already
  Exports(Duration patience) {
    this.patience = patience;
  }

  /// An export that is under way until this is closed.
  interface UnderWay extends AutoCloseable {

    @Override
    void close();
  }

  /// @throws Overloaded when there are too many
  UnderWay begin(UserId user, boolean admin) {
    long end = System.nanoTime() + patience.toNanos();
    try {
      CountDownLatch done = enter(user, end);
      Semaphore free = admin ? admins : users;
      boolean entered = false;
      try {
        entered = free.tryAcquire(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      } finally {
        if (!entered) {
          leave(user, done);
        }
      }
      if (!entered) {
        throw new Overloaded(
            "%d exports are under way; try again later".formatted(AT_ONCE), RETRY_AFTER);
      }
      return () -> {
        free.release();
        leave(user, done);
      };
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new Overloaded("the gateway is stopping; try again later", RETRY_AFTER);
    }
  }

  private CountDownLatch enter(UserId user, long end) throws InterruptedException {
    var done = new CountDownLatch(1);
    while (true) {
      @Nullable CountDownLatch before = underWay.putIfAbsent(user, done);
      if (before == null) {
        return done;
      }
      if (!before.await(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        throw new Overloaded(
            "you have an export under way already; end it, or try again when it has ended",
            RETRY_AFTER);
      }
    }
  }

  private void leave(UserId user, CountDownLatch done) {
    underWay.remove(user);
    done.countDown();
  }
}
