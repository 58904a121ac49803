package io.reflow.gateway.session;

import io.reflow.gateway.protocol.RawJson;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Messages for a client in the order they were sent. They are kept for a while, so that a client
/// whose connection broke goes on where it was. Sending never waits: a reader that falls too far
/// behind loses its connection instead.
public final class EventStream {

  static final int MOST_EVENTS = 256;

  /// Of all events but the newest one, which may be an answer of any size.
  static final int MOST_BYTES = 1 << 20;

  static final Duration MEMORY = Duration.ofMinutes(5);

  private final String name;
  private final InstantSource clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Kept> kept = new ArrayDeque<>();
  private final Map<RawJson, Long> answers = new LinkedHashMap<>();
  private long newest;
  private long handedOut;
  private long bytes;
  private boolean ended;
  private @Nullable Reading reading;
  private Instant lastChange;

  /// @param name unique among the streams of a session; part of the events' ids
  EventStream(String name, InstantSource clock) {
    this(name, List.of(), 0, clock);
  }

  /// @param requests the ids of the requests whose answers will come here; until it has come, the
  ///   ids of the events before an answer name it
  /// @param after the number behind which the events are counted
  EventStream(String name, Collection<RawJson> requests, long after, InstantSource clock) {
    this.name = name;
    this.clock = clock;
    this.newest = after;
    this.lastChange = clock.instant();
    // Copied: the bytes around them are not to stay as long as the stream.
    requests.forEach(id -> answers.put(RawJson.of(id.toString()), Long.MAX_VALUE));
  }

  private record Kept(long number, RawJson message, BooleanSupplier allowed, Instant at) {}

  /// What a reader finds.
  public sealed interface Next {

    /// A message, under the id by which its reader can come back.
    record Event(String id, RawJson message) implements Next {}

    /// Nothing came in time.
    record Silence() implements Next {}

    /// Nothing comes any more: the stream has ended, another reader took over, or this one was too
    /// slow.
    record End() implements Next {}
  }

  /// Puts a message behind the others.
  ///
  /// @return false when the stream has ended, and nothing can follow
  public boolean send(RawJson message) {
    return send(message, () -> true);
  }

  /// The same with a message that is left out where its reader may not have it any more by the time
  /// it is read.
  ///
  /// @param allowed is asked each time that it is read; must not block
  public boolean send(RawJson message, BooleanSupplier allowed) {
    lock.lock();
    try {
      if (ended) {
        return false;
      }
      Instant now = clock.instant();
      bytes += kept.isEmpty() ? 0 : kept.getLast().message().length();
      kept.addLast(new Kept(++newest, message, allowed, now));
      while (kept.size() > MOST_EVENTS || bytes > MOST_BYTES || old(kept.getFirst(), now)) {
        bytes -= kept.removeFirst().message().length();
      }
      changed.signalAll();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Sends the answer to a request.
  ///
  /// @param allowed is asked each time that it is read; must not block
  /// @return false when the stream has ended, and nothing can follow
  public boolean answer(RawJson request, RawJson message, BooleanSupplier allowed) {
    lock.lock();
    try {
      boolean sent = send(message, allowed);
      if (sent) {
        answers.replace(request, newest);
      }
      return sent;
    } finally {
      lock.unlock();
    }
  }

  /// Names an event so that who comes back with it, here or at another replica, is known to wait
  /// for the answers that come later.
  private String id(long number) {
    return EventId.of(
        name,
        number,
        answers.entrySet().stream()
            .filter(answer -> answer.getValue() > number)
            .map(Map.Entry::getKey)
            .toList());
  }

  private static boolean old(Kept event, Instant now) {
    return event.at().plus(MEMORY).isBefore(now);
  }

  /// Says that nothing follows; what was sent can still be read.
  public void end() {
    lock.lock();
    try {
      ended = true;
      lastChange = clock.instant();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Reads on behind the last event that any reader was given. A former reader is sent away.
  public Reading read() {
    lock.lock();
    try {
      return replace(handedOut);
    } finally {
      lock.unlock();
    }
  }

  /// Reads what came after an event, or what is still there of it. A former reader is sent away.
  Reading readAfter(long number) {
    lock.lock();
    try {
      return replace(number);
    } finally {
      lock.unlock();
    }
  }

  private Reading replace(long after) {
    long oldest = kept.isEmpty() ? newest + 1 : kept.getFirst().number();
    var next = new Reading(Math.clamp(after, oldest - 1, newest));
    reading = next;
    changed.signalAll();
    return next;
  }

  /// Whether somebody reads it.
  public boolean connected() {
    lock.lock();
    try {
      return reading != null;
    } finally {
      lock.unlock();
    }
  }

  /// For how long nobody has been reading.
  public Duration unread() {
    lock.lock();
    try {
      return reading == null ? Duration.between(lastChange, clock.instant()) : Duration.ZERO;
    } finally {
      lock.unlock();
    }
  }

  /// The size of what is kept.
  long size() {
    lock.lock();
    try {
      return kept.isEmpty() ? 0 : bytes + kept.getLast().message().length();
    } finally {
      lock.unlock();
    }
  }

  /// Whether it ended so long ago that nobody comes back for it.
  boolean forgotten() {
    lock.lock();
    try {
      return ended && reading == null && lastChange.plus(MEMORY).isBefore(clock.instant());
    } finally {
      lock.unlock();
    }
  }

  boolean ended() {
    lock.lock();
    try {
      return ended;
    } finally {
      lock.unlock();
    }
  }

  Instant lastChange() {
    lock.lock();
    try {
      return lastChange;
    } finally {
      lock.unlock();
    }
  }

  String name() {
    return name;
  }

  /// One connection's way through the stream; the stream has one at a time.
  public final class Reading implements AutoCloseable {

    private long at;
    private boolean closed;

    private Reading(long at) {
      this.at = at;
    }

    /// The id from which the first event can be waited for anew.
    public String start() {
      lock.lock();
      try {
        return id(at);
      } finally {
        lock.unlock();
      }
    }

    /// Waits for the next event.
    public Next next(Duration patience) throws InterruptedException {
      long left = patience.toNanos();
      lock.lockInterruptibly();
      try {
        while (here()) {
          if (at < newest || ended) {
            Optional<Next> next = take();
            if (next.isPresent()) {
              return next.get();
            }
          } else if (left <= 0) {
            return new Next.Silence();
          } else {
            left = changed.awaitNanos(left);
          }
        }
        return new Next.End();
      } finally {
        lock.unlock();
      }
    }

    private boolean here() {
      return !closed && reading == this;
    }

    /// Empty where all that there is may not be read any more.
    private Optional<Next> take() {
      for (Kept event : kept) {
        if (event.number() > at) {
          if (event.number() > at + 1) {
            // What lay between was dropped: the client is too slow for what is sent to it.
            return Optional.of(new Next.End());
          }
          at = event.number();
          handedOut = Math.max(handedOut, at);
          if (!event.allowed().getAsBoolean()) {
            continue;
          }
          return Optional.of(new Next.Event(id(at), event.message()));
        }
      }
      return ended || at < newest ? Optional.of(new Next.End()) : Optional.empty();
    }

    /// Ends the reading, also for a thread that waits in [#next].
    @Override
    public void close() {
      lock.lock();
      try {
        closed = true;
        if (reading == this) {
          reading = null;
          lastChange = clock.instant();
        }
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
