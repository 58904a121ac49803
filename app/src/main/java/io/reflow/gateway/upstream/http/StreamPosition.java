package io.reflow.gateway.upstream.http;

import java.time.Duration;
import java.util.Optional;

/// How far an event stream was read, and how long to wait before reading on: what it takes to
/// resume it after its connection has ended. Written by the thread that reads, read by others.
public final class StreamPosition {

  private static final int LONGEST_ID = 1024;
  private static final long LONGEST_PAUSE = Duration.ofMinutes(10).toMillis();

  /// Who ends each stream at once must not keep the gateway busy.
  private static final long SHORTEST_PAUSE = 100;

  private volatile Optional<String> lastId = Optional.empty();
  private volatile Optional<Duration> pause = Optional.empty();

  /// The id to resume behind; without one there is no resuming.
  public Optional<String> lastId() {
    return lastId;
  }

  /// What the server has asked for.
  public Optional<Duration> pause() {
    return pause;
  }

  /// An id that can't be sent back is as good as none.
  void lastId(String id) {
    boolean sendable = id.length() <= LONGEST_ID && id.chars().allMatch(c -> c >= ' ' && c < 0x7F);
    lastId = id.isEmpty() || !sendable ? Optional.empty() : Optional.of(id);
  }

  void pause(String millis) {
    if (!millis.isEmpty()
        && millis.length() <= 12
        && millis.chars().allMatch(c -> c >= '0' && c <= '9')) {
      pause =
          Optional.of(
              Duration.ofMillis(Math.clamp(Long.parseLong(millis), SHORTEST_PAUSE, LONGEST_PAUSE)));
    }
  }
}
