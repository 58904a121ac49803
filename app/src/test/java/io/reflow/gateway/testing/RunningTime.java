package io.reflow.gateway.testing;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/// Time in which this JVM got to run: unlike a clock it stands still while the machine does.
///
/// For what has to happen within a time: whoever did not run could not keep it.
public final class RunningTime implements AutoCloseable {

  private static final Duration TICK = Duration.ofMillis(10);

  private final AtomicLong ticks = new AtomicLong();
  private final Thread thread;

  private RunningTime() {
    thread = Thread.ofPlatform().daemon().name("running-time").unstarted(this::run);
  }

  public static RunningTime start() {
    var time = new RunningTime();
    time.thread.start();
    return time;
  }

  private void run() {
    try {
      while (true) {
        Thread.sleep(TICK);
        ticks.incrementAndGet();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// The time until now; never more than a clock would say.
  public Duration now() {
    return TICK.multipliedBy(ticks.get());
  }

  public Duration since(Duration earlier) {
    return now().minus(earlier);
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
