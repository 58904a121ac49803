package io.reflow.gateway.session;

import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.identity.UserId;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/// The streams that clients keep open without a request of theirs being under way. Each user may
/// have so many, and only while their token counts; all of them end when the gateway stops.
public final class OpenStreams implements AutoCloseable {

  private static final Duration TRY_AGAIN = Duration.ofSeconds(5);

  private final int mostPerUser;
  private final Set<Entry> open = ConcurrentHashMap.newKeySet();
  private final Map<UserId, AtomicInteger> counts = new ConcurrentHashMap<>();
  private volatile boolean closed;

  public OpenStreams(int mostPerUser) {
    this.mostPerUser = mostPerUser;
  }

  /// Counts a stream until what is returned is closed.
  ///
  /// @param allowed whether the user may still have it; must not block
  /// @param end ends it: runs once at most
  /// @throws Overloaded when the user has as many as allowed
  public Entry add(UserId user, BooleanSupplier allowed, Runnable end) {
    AtomicInteger count = counts.computeIfAbsent(user, _ -> new AtomicInteger());
    if (count.incrementAndGet() > mostPerUser) {
      count.decrementAndGet();
      throw new Overloaded(
          "you have %d streams open, which is the limit".formatted(mostPerUser), TRY_AGAIN);
    }
    var entry = new Entry(count, allowed, end);
    open.add(entry);
    // Asked after it can be seen: a change from now on finds it.
    entry.recheck();
    return entry;
  }

  /// Ends the streams of callers that may no longer have them.
  public void recheck() {
    open.forEach(Entry::recheck);
  }

  public int count() {
    return open.size();
  }

  /// Ends all, also those that come later.
  @Override
  public void close() {
    closed = true;
    recheck();
  }

  /// An open stream.
  public final class Entry implements AutoCloseable {

    private final AtomicInteger count;
    private final BooleanSupplier allowed;
    private final Runnable end;

    private Entry(AtomicInteger count, BooleanSupplier allowed, Runnable end) {
      this.count = count;
      this.allowed = allowed;
      this.end = end;
    }

    private void recheck() {
      if ((closed || !allowed.getAsBoolean()) && open.contains(this)) {
        end.run();
      }
    }

    @Override
    public void close() {
      if (open.remove(this)) {
        count.decrementAndGet();
      }
    }
  }
}
