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

  /// A process may start another while it is being looked for.
  private static final int ROUNDS = 10;

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
    for (int round = 0; round < ROUNDS; round++) {
      Set<Long> found = Signals.available() ? find(markers) : Set.of();
      found.forEach(pid -> Signals.toProcess(pid, Signals.Signal.KILL));
      if (!killed.addAll(found)) {
        break;
      }
    }
    return killed.size();
  }

  private static Set<Long> find(Predicate<String> markers) {
    Set<Long> found = new HashSet<>();
    long self = ProcessHandle.current().pid();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[1-9]*")) {
      for (Path process : processes) {
        long pid = Long.parseLong(process.getFileName().toString());
        if (pid != self && markers.test(marker(process))) {
          found.add(pid);
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      throw new UncheckedIOException(new IOException("can't read " + PROC, e));
    }
    return found;
  }

  /// Empty for a process without a marker, of another user, or already gone.
  private static String marker(Path process) {
    byte[] environment;
    try (InputStream in = Files.newInputStream(process.resolve("environ"))) {
      environment = in.readNBytes(LARGEST_ENVIRONMENT);
    } catch (IOException _) {
      return "";
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
}
