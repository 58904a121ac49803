package io.reflow.gateway.upstream.stdio;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/// Finds programs as a shell does.
final class Programs {

  private Programs() {}

  /// The executable file that `command` means: a path, or a name to be found on `searchPath`.
  static Optional<Path> find(String command, String searchPath) {
    if (command.isBlank()) {
      return Optional.empty();
    }
    try {
      if (command.contains("/")) {
        return Optional.of(Path.of(command).toAbsolutePath()).filter(Programs::runnable);
      }
      return Arrays.stream(searchPath.split(File.pathSeparator))
          .filter(folder -> !folder.isEmpty())
          .map(folder -> Path.of(folder, command).toAbsolutePath())
          .filter(Programs::runnable)
          .findFirst();
    } catch (InvalidPathException _) {
      return Optional.empty();
    }
  }

  private static boolean runnable(Path file) {
    return Files.isRegularFile(file) && Files.isExecutable(file);
  }
}
