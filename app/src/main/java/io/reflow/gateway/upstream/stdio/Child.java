package io.reflow.gateway.upstream.stdio;

import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A child process and all that it starts: they form a session of their own, and end together.
final class Child {

  private static final Duration LAST_WAIT = Duration.ofSeconds(5);

  private final Process process;
  private final Contained contained;
  private final String marker;
  private volatile @Nullable String verdict;
  private final CountDownLatch gone = new CountDownLatch(1);

  /// Takes care of a process that has just been started.
  Child(Process process, Contained contained, String marker) {
    this.process = process;
    this.contained = contained;
    this.marker = marker;
  }

  /// Ends what a process has left behind.
  @FunctionalInterface
  interface Ending {
    void ended(Child child) throws InterruptedException;
  }

  /// When the process ends, by itself or not, so does all that it started. Its number can't belong
  /// to another group yet: numbers are given out in a circle.
  void onEnd(Ending ending) {
    Thread.ofVirtual()
        .name("reap-" + pid())
        .start(() -> {
          try {
            int _ = process.waitFor();
            ending.ended(this);
          } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
          } finally {
            gone.countDown();
          }
        });
  }

  Contained contained() {
    return contained;
  }

  String marker() {
    return marker;
  }

  long pid() {
    return process.pid();
  }

  InputStream output() {
    return process.getInputStream();
  }

  /// Reads [#output()] or [#errors()]. Not a virtual thread: each that waits in a read holds its
  /// carrier for itself, and with hundreds of those every other virtual thread starts slowly, since
  /// whoever looks for work looks at each of them.
  static Thread reader(String name, Runnable reading) {
    return Thread.ofPlatform().daemon().name(name).start(reading);
  }

  InputStream errors() {
    return process.getErrorStream();
  }

  /// To be used and closed by one thread only: a write may block for ever.
  OutputStream input() {
    return process.getOutputStream();
  }

  boolean running() {
    return process.isAlive();
  }

  /// Whether it ended by itself, and content.
  boolean succeeded() {
    return !process.isAlive() && process.exitValue() == 0;
  }

  /// How it ended, once it has: "exited with code 1", "was killed by signal 9".
  String ending() {
    String stopped = verdict;
    if (stopped != null) {
      return "was stopped: " + stopped;
    }
    int code = process.exitValue();
    return code > 128 && code < 160
        ? "was ended by signal " + (code - 128)
        : "exited with code " + code;
  }

  /// Waits until the process itself has ended; what it started may still be ending.
  boolean awaitExit(Duration atMost) throws InterruptedException {
    return process.waitFor(atMost.toNanos(), TimeUnit.NANOSECONDS);
  }

  /// Ends what runs, first kindly. Whoever wants it to end by itself closes [#input()] before.
  void end(Duration grace) {
    try {
      if (!awaitExit(grace)) {
        signal(Signals.Signal.TERMINATE);
        if (!awaitExit(grace.dividedBy(2))) {
          signal(Signals.Signal.KILL);
        }
      }
      boolean _ = gone.await(LAST_WAIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException _) {
      signal(Signals.Signal.KILL);
      Thread.currentThread().interrupt();
    }
  }

  /// Ends everything at once, for a reason that callers are told.
  void stop(String reason) {
    verdict = reason;
    kill();
  }

  /// Ends everything at once.
  void kill() {
    signal(Signals.Signal.KILL);
  }

  private void signal(Signals.Signal signal) {
    if (!process.isAlive()) {
      return;
    }
    if (contained.namespace() && signal == Signals.Signal.TERMINATE) {
      // What contains them would end at once, and all in it. It has no ear for this itself.
      process.descendants().forEach(inside -> Signals.toProcess(inside.pid(), signal));
      return;
    }
    Signals.toGroup(process.pid(), signal);
    // By itself too: it may not have got as far as to have a group.
    Signals.toProcess(process.pid(), signal);
  }
}
