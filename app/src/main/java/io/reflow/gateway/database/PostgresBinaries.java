package io.reflow.gateway.database;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/// The PostgreSQL programs that travel on the class path, unpacked into a folder named after their
/// checksum: a folder of that name is always complete, so a later start unpacks nothing.
final class PostgresBinaries {

  private static final String PREFIX = "binaries-";

  private final Path parent;

  PostgresBinaries(Path parent) {
    this.parent = parent;
  }

  /// The folder that holds `bin`, `lib` and `share`.
  Path unpacked() throws IOException {
    URL archive = archive();
    Path home = parent.resolve(PREFIX + stamp(archive));
    if (!Files.isDirectory(home)) {
      Path fresh = Files.createTempDirectory(parent, "unpacking-");
      unpack(archive, fresh);
      Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rwxr-xr-x"));
      moveInPlace(fresh, home);
      removeOthers(home);
    }
    return home;
  }

  private static void moveInPlace(Path fresh, Path home) throws IOException {
    try {
      Files.move(fresh, home);
    } catch (FileAlreadyExistsException | AtomicMoveNotSupportedException e) {
      Folders.delete(fresh);
      if (!Files.isDirectory(home)) {
        throw e;
      }
    }
  }

  private void removeOthers(Path home) throws IOException {
    List<Path> old = new ArrayList<>();
    try (var folders = Files.newDirectoryStream(parent, PREFIX + "*")) {
      folders.forEach(old::add);
    }
    old.remove(home);
    for (Path folder : old) {
      Folders.delete(folder);
    }
  }

  private static URL archive() {
    String name =
        switch (System.getProperty("os.arch").toLowerCase(Locale.ROOT)) {
          case "amd64", "x86_64" -> "postgres-linux-x86_64.txz";
          case "aarch64", "arm64" -> "postgres-linux-arm_64.txz";
          default -> "";
        };
    URL archive = name.isEmpty() ? null : PostgresBinaries.class.getResource("/" + name);
    if (archive == null) {
      throw new IllegalStateException(
          "there is no built-in PostgreSQL for this machine (%s): set database.host to a server"
              .formatted(System.getProperty("os.arch")));
    }
    return archive;
  }

  private static String stamp(URL archive) throws IOException {
    URLConnection connection = archive.openConnection();
    if (connection instanceof JarURLConnection jar) {
      return "%08x".formatted(jar.getJarEntry().getCrc());
    }
    return "%08x".formatted(connection.getLastModified());
  }

  private static void unpack(URL archive, Path home) throws IOException {
    try (InputStream bytes = new BufferedInputStream(archive.openStream(), 1 << 16);
        var tar = new TarArchiveInputStream(new XZInputStream(bytes))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        unpack(tar, entry, home);
      }
    }
  }

  private static void unpack(TarArchiveInputStream tar, TarArchiveEntry entry, Path home)
      throws IOException {
    Path file = home.resolve(entry.getName()).normalize();
    if (!file.startsWith(home)) {
      throw new IOException("the PostgreSQL archive has an entry outside: " + entry.getName());
    }
    if (entry.isDirectory()) {
      createFolder(file, home);
      return;
    }
    createFolder(parentOf(file), home);
    if (entry.isSymbolicLink()) {
      Files.createSymbolicLink(file, Path.of(entry.getLinkName()));
      return;
    }
    Files.copy(tar, file);
    boolean program = (entry.getMode() & 0100) != 0;
    Files.setPosixFilePermissions(
        file, PosixFilePermissions.fromString(program ? "rwxr-xr-x" : "rw-r--r--"));
  }

  private static Path parentOf(Path file) {
    return file.resolve("..").normalize();
  }

  /// Readable by everyone whatever the umask: the server may run as another user.
  private static void createFolder(Path folder, Path home) throws IOException {
    if (folder.equals(home) || Files.isDirectory(folder)) {
      return;
    }
    createFolder(parentOf(folder), home);
    Files.createDirectory(folder);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
