package io.reflow.gateway.upstream.stdio;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// A child process and all that it starts: they form a session of their own where `setsid` exists,
/// and end together.
final class Child {

  private static final Duration LAST_WAIT = Duration.ofSeconds(5);

  private final Process process;
  private final String marker;
  private final boolean ownGroup;
  private final Stragglers stragglers;
  private final CountDownLatch gone = new CountDownLatch(1);

  private Child(Process process, String marker, boolean ownGroup, Stragglers stragglers) {
    this.process = process;
    this.marker = marker;
    this.ownGroup = ownGroup;
    this.stragglers = stragglers;
  }

  /// Starts the process itself.
  @FunctionalInterface
  interface Start {
    Process start(List<String> line, Map<String, String> environment, Path directory)
        throws IOException;
  }

  /// Starts `command`, whose first element is the path of a program, with exactly this environment
  /// and the marker, over pipes.
  static Child start(
      List<String> command,
      Map<String, String> environment,
      Path directory,
      String marker,
      Stragglers stragglers)
      throws IOException {
    List<String> line = new ArrayList<>();
    Optional<Path> setsid =
        Signals.available()
            ? Programs.find("setsid", System.getenv().getOrDefault("PATH", ""))
            : Optional.empty();
    setsid.ifPresent(program -> line.add(program.toString()));
    line.addAll(command);
    return start(
        Child::withPipes, line, environment, directory, marker, setsid.isPresent(), stragglers);
  }

  /// Starts it in a way of one's own, in which it leads a session.
  static Child start(
      List<String> command,
      Map<String, String> environment,
      Path directory,
      String marker,
      Stragglers stragglers,
      Start start)
      throws IOException {
    return start(start, command, environment, directory, marker, true, stragglers);
  }

  private static Child start(
      Start start,
      List<String> line,
      Map<String, String> environment,
      Path directory,
      String marker,
      boolean ownGroup,
      Stragglers stragglers)
      throws IOException {
    Map<String, String> marked = new HashMap<>(environment);
    marked.put(Stragglers.VARIABLE, marker);
    Child child = new Child(start.start(line, marked, directory), marker, ownGroup, stragglers);
    Thread.ofVirtual().name("reap-" + child.pid()).start(child::reap);
    return child;
  }

  private static Process withPipes(
      List<String> line, Map<String, String> environment, Path directory) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(line).directory(directory.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    return builder.start();
  }

  long pid() {
    return process.pid();
  }

  InputStream output() {
    return process.getInputStream();
  }

  /// A thread of the kind that may read [#output()].
  Thread.Builder outputThread() {
    return process instanceof TerminalProcess ? Thread.ofPlatform().daemon() : Thread.ofVirtual();
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

  /// How it ended, once it has: "exited with code 1", "was killed by signal 9".
  String ending() {
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

  /// Ends everything at once.
  void kill() {
    signal(Signals.Signal.KILL);
  }

  private void signal(Signals.Signal signal) {
    if (!process.isAlive()) {
      return;
    }
    List<ProcessHandle> members = new ArrayList<>();
    if (ownGroup) {
      Signals.toGroup(process.pid(), signal);
    } else {
      members.addAll(process.descendants().toList());
    }
    // By itself too: it may not have got as far as to have a group.
    members.add(process.toHandle());
    for (ProcessHandle member : members) {
      boolean _ =
          switch (signal) {
            case TERMINATE -> member.destroy();
            case KILL -> member.destroyForcibly();
          };
    }
  }

  /// When the process ends, by itself or not, so does all that it started. Its number can't belong
  /// to another group yet: numbers are given out in a circle.
  private void reap() {
    try {
      int _ = process.waitFor();
      if (ownGroup) {
        Signals.toGroup(process.pid(), Signals.Signal.KILL);
      }
      stragglers.kill(marker);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      gone.countDown();
    }
  }
}
