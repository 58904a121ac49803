package io.reflow.gateway.upstream.stdio;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongPredicate;

/// In a container the gateway may be the first process, which inherits all those whose parents are
/// gone: it has to take note of their ends, or they stay as zombies.
final class Orphans {

  private static final Path PROC = Path.of("/proc");

  private final boolean first = ProcessHandle.current().pid() == 1;
  private final LongPredicate own;

  /// @param own whether a process is one that somebody waits for already
  Orphans(LongPredicate own) {
    this.own = own;
  }

  /// Takes note of the ends there have been.
  void reap() {
    if (!first) {
      return;
    }
    long session = ProcessStat.of(PROC.resolve("self")).session();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[1-9]*")) {
      for (Path process : processes) {
        long pid = Long.parseLong(process.getFileName().toString());
        ProcessStat stat = ProcessStat.of(process);
        // What is in our own session was started by us, without a launcher.
        if (stat.zombie() && stat.parent() == 1 && stat.session() != session && !own.test(pid)) {
          Signals.takeNote(pid);
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      throw new UncheckedIOException(new IOException("can't read " + PROC, e));
    }
  }
}
