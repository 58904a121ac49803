package io.reflow.gateway.upstream.stdio;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Counts what a process writes that nobody asked for, tells the log of it now and then, and knows
/// when it is too much. Used by one thread.
final class Nonsense {

  private static final Logger LOG = LoggerFactory.getLogger(Nonsense.class);

  private static final long WINDOW = Duration.ofSeconds(10).toNanos();

  /// An honest server comes nowhere near: a notification for each of 10,000 calls a second.
  private static final int MOST_IN_WINDOW = 200_000;

  private final String target;
  private long windowStart = System.nanoTime();
  private int inWindow;
  private boolean logged;

  Nonsense(String target) {
    this.target = target;
  }

  /// A message that is well-formed but answers no question of ours.
  void unasked() {
    count();
  }

  void malformed(String why) {
    count();
    if (!logged) {
      logged = true;
      LOG.atWarn()
          .setMessage("Skipped a line of a target's output: {}")
          .addArgument(why)
          .addKeyValue("target", target)
          .log();
    }
  }

  private void count() {
    long now = System.nanoTime();
    if (now - windowStart > WINDOW) {
      windowStart = now;
      inWindow = 0;
      logged = false;
    }
    inWindow++;
  }

  boolean tooMuch() {
    return inWindow > MOST_IN_WINDOW;
  }
}
