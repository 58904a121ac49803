package io.reflow.gateway.upstream.stdio;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/// Finds and kills the processes that carry an instance's marker in their environment, wherever in
/// the process tree they went. One walk through all processes serves all who ask meanwhile.
public final class Stragglers {

  static final String VARIABLE = "REFLOW_INSTANCE";

  private static final Path PROC = Path.of("/proc");
  private static final String PREFIX = "\0" + VARIABLE + "=";
  private static final int LARGEST_ENVIRONMENT = 256 << 10;

  /// A process may start another while it is being looked for, and be gone before it is found: only
  /// when two walks in a row have met nothing new is nothing left.
  private static final int ROUNDS = 20;

  private static final int QUIET_ROUNDS = 2;

  /// Stands for the marker of a process that is just becoming another program and has no
  /// environment at this moment.
  private static final String UNKNOWN = "?";

  private final Set<String> wanted = ConcurrentHashMap.newKeySet();
  private final ReentrantLock walking = new ReentrantLock();

  /// Kills everything that carries `marker`.
  void kill(String marker) {
    wanted.add(marker);
    walking.lock();
    try {
      if (wanted.contains(marker)) {
        Set<String> now = new HashSet<>(wanted);
        killAll(now::contains);
        wanted.removeAll(now);
      }
    } finally {
      walking.unlock();
    }
  }

  /// Kills what an earlier run of the gateway with this id has left behind.
  ///
  /// @return how many processes there were
  public int killAllOf(String gatewayId) {
    walking.lock();
    try {
      return killAll(marker -> marker.startsWith(gatewayId + "/"));
    } finally {
      walking.unlock();
    }
  }

  private static int killAll(Predicate<String> markers) {
    Set<Long> killed = new HashSet<>();
    int quiet = 0;
    for (int round = 0; round < ROUNDS && quiet < QUIET_ROUNDS; round++) {
      Set<Long> unknown = new HashSet<>();
      Set<Long> found = Signals.available() ? find(markers, unknown) : Set.of();
      found.forEach(pid -> Signals.toProcess(pid, Signals.Signal.KILL));
      boolean fresh = killed.addAll(found);
      quiet = fresh || !unknown.isEmpty() ? 0 : quiet + 1;
    }
    return killed.size();
  }

  private static Set<Long> find(Predicate<String> markers, Set<Long> unknown) {
    Set<Long> found = new HashSet<>();
    long self = ProcessHandle.current().pid();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[1-9]*")) {
      for (Path process : processes) {
        long pid = Long.parseLong(process.getFileName().toString());
        String marker = pid == self ? "" : marker(process);
        if (marker.equals(UNKNOWN)) {
          unknown.add(pid);
        } else if (markers.test(marker)) {
          found.add(pid);
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      throw new UncheckedIOException(new IOException("can't read " + PROC, e));
    }
    return found;
  }

  /// Empty for a process without a marker, of another user, or already gone.
  static String marker(Path process) {
    byte[] environment;
    try (InputStream in = Files.newInputStream(process.resolve("environ"))) {
      environment = in.readNBytes(LARGEST_ENVIRONMENT);
    } catch (IOException _) {
      return "";
    }
    if (environment.length == 0 && isBecomingAnother(process)) {
      return UNKNOWN;
    }
    String text = "\0" + new String(environment, ISO_8859_1);
    int start = text.indexOf(PREFIX);
    if (start < 0) {
      return "";
    }
    int value = start + PREFIX.length();
    int end = text.indexOf('\0', value);
    return end < 0 ? "" : text.substring(value, end);
  }

  /// It has a program, unlike the kernel's own and those that have ended, but nothing else yet.
  private static boolean isBecomingAnother(Path process) {
    try (InputStream line = Files.newInputStream(process.resolve("cmdline"))) {
      return line.read() < 0
          && !Files.readSymbolicLink(process.resolve("exe")).toString().isEmpty();
    } catch (IOException _) {
      return false;
    }
  }
}
