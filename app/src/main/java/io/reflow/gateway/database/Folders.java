package io.reflow.gateway.database;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// Whole folders: delete them, give them to another user, let others pass through.
final class Folders {

  private Folders() {}

  static void delete(Path folder) throws IOException {
    for (Path path : walk(folder).sorted(Comparator.reverseOrder()).toList()) {
      Files.deleteIfExists(path);
    }
  }

  static void give(Path folder, int uid) throws IOException {
    for (Path path : walk(folder).toList()) {
      Files.setAttribute(path, "unix:uid", uid, LinkOption.NOFOLLOW_LINKS);
      Files.setAttribute(path, "unix:gid", uid, LinkOption.NOFOLLOW_LINKS);
    }
  }

  static int owner(Path path) throws IOException {
    return (int) Files.getAttribute(path, "unix:uid");
  }

  /// Lets others reach what lies below a folder by name; they still can't list it.
  static void letOthersPass(Path folder) throws IOException {
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(folder);
    if (permissions.add(PosixFilePermission.OTHERS_EXECUTE)) {
      Files.setPosixFilePermissions(folder, permissions);
    }
  }

  /// Whether any user may reach what lies below a folder.
  static boolean othersMayPass(Path folder) throws IOException {
    for (Path path = folder; path != null; path = path.getParent()) {
      if (!Files.getPosixFilePermissions(path).contains(PosixFilePermission.OTHERS_EXECUTE)) {
        return false;
      }
    }
    return true;
  }

  private static Stream<Path> walk(Path folder) throws IOException {
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      return Stream.empty();
    }
    try (Stream<Path> paths = Files.walk(folder)) {
      return List.copyOf(paths.toList()).stream();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
