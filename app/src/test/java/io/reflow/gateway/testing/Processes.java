package io.reflow.gateway.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Looks at the processes and descriptors of the machine, on Linux.
public final class Processes {

  private static final Pattern PIDS = Pattern.compile("\\d+");

  private Processes() {}

  public static List<Long> pidsIn(String text) {
    return PIDS.matcher(text).results().map(match -> Long.parseLong(match.group())).toList();
  }

  /// There is such a process, and it is not a zombie that nobody has waited for.
  public static boolean running(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      return !stat.substring(stat.lastIndexOf(')')).startsWith(") Z");
    } catch (IOException _) {
      return false;
    }
  }

  /// Children of this JVM, zombies included.
  public static long children() {
    return ProcessHandle.current().children().count();
  }

  public static long openDescriptors() {
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      return descriptors.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Platform threads of this JVM.
  public static long threads() {
    try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
      return threads.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The processes of the machine that were started with such words.
  public static List<Long> withCommandLine(String words) {
    return ProcessHandle.allProcesses()
        .map(ProcessHandle::pid)
        .filter(pid -> commandLine(pid).contains(words))
        .toList();
  }

  private static String commandLine(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/cmdline")).replace('\0', ' ');
    } catch (IOException _) {
      return "";
    }
  }
}
