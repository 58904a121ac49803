package io.reflow.gateway;

import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs the small clean-ups of the gateway again and again, until it is closed.
final class Sweeper implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Sweeper.class);

  private final Duration interval;
  private final List<Runnable> tasks;
  private final Thread thread;

  Sweeper(Duration interval, Runnable... tasks) {
    this.interval = interval;
    this.tasks = List.of(tasks);
    this.thread = Thread.ofVirtual().name("sweeper").start(this::run);
  }

  private void run() {
    try {
      while (true) {
        Thread.sleep(interval);
        tasks.forEach(Sweeper::run);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private static void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      LOG.atError().setCause(e).log("A clean-up failed; it is tried again");
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
