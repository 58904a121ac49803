package io.reflow.gateway.identity;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// When API tokens were last used, to the minute: noted in memory, written in the background.
public final class TokenUse implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(TokenUse.class);
  private static final long MINUTE = Duration.ofMinutes(1).toMillis();
  private static final long WRITE_EVERY_SECONDS = 5;

  private final Map<UUID, Long> noted = new ConcurrentHashMap<>();
  private final Map<UUID, Instant> unwritten = new ConcurrentHashMap<>();
  private final Consumer<Map<UUID, Instant>> writer;
  private final InstantSource clock;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("token-use").factory());

  public TokenUse(TokenStore tokens, InstantSource clock) {
    this(tokens::recordUse, clock);
  }

  TokenUse(Consumer<Map<UUID, Instant>> writer, InstantSource clock) {
    this.writer = writer;
    this.clock = clock;
  }

  /// Begins to write what was noted, every few seconds.
  public void start() {
    var _ =
        thread.scheduleWithFixedDelay(
            this::flush, WRITE_EVERY_SECONDS, WRITE_EVERY_SECONDS, TimeUnit.SECONDS);
  }

  /// Notes a use; costs a look-up, and nothing more within a minute.
  void used(UUID token) {
    long now = clock.millis();
    Long last = noted.get(token);
    if (last == null || now - last >= MINUTE) {
      noted.put(token, now);
      unwritten.put(token, Instant.ofEpochMilli(now));
    }
  }

  /// Writes what was noted since the last time. What can't be written now is written at the token's
  /// next use.
  void flush() {
    try {
      Map<UUID, Instant> batch = Map.copyOf(unwritten);
      batch.forEach(unwritten::remove);
      if (!batch.isEmpty()) {
        writer.accept(batch);
      }
      long limit = clock.millis() - MINUTE;
      noted.values().removeIf(time -> time <= limit);
    } catch (RuntimeException e) {
      LOG.atWarn().setCause(e).log("Could not record when tokens were last used");
    }
  }

  /// Writes what is left and ends the thread.
  @Override
  public void close() {
    thread.shutdownNow();
    flush();
  }
}
