package io.reflow.gateway.upstream.stdio;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/// Finds out who has a socket.
final class Sockets {

  private static final Path PROC = Path.of("/proc");

  private Sockets() {}

  /// Whether a process that is in the gateway's own namespace of processes, and so in no sandbox,
  /// has the socket.
  static boolean heldBeside(long inode) {
    Path name = Path.of("socket:[%d]".formatted(inode));
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[1-9]*")) {
      Path own = Files.readSymbolicLink(PROC.resolve("self/ns/pid"));
      for (Path process : processes) {
        if (has(process, name) && link(process.resolve("ns/pid")).equals(own)) {
          return true;
        }
      }
      return false;
    } catch (IOException | DirectoryIteratorException _) {
      return false;
    }
  }

  /// False as well for a process that has ended meanwhile, or belongs to others.
  private static boolean has(Path process, Path name) {
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path descriptor : descriptors) {
        if (link(descriptor).equals(name)) {
          return true;
        }
      }
      return false;
    } catch (IOException | DirectoryIteratorException _) {
      return false;
    }
  }

  /// Nothing for one that is gone.
  private static Path link(Path path) {
    try {
      return Files.readSymbolicLink(path);
    } catch (IOException _) {
      return Path.of("");
    }
  }
}
