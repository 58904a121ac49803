package io.reflow.gateway.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/// Packages from npm, as the lock file of a folder of the tests has them, and the scripts beside
/// it. Installed into the build folder by the first test that wants them, and kept there until the
/// lock file changes.
public final class NodePackages {

  private static final String LOCK_FILE = "package-lock.json";
  private static final long INSTALL_MINUTES = 5;

  private final Path source;
  private final Path folder;
  private final String node;

  private NodePackages(String name, String node) {
    this.source = Path.of("src", "test", name);
    this.folder = Path.of("target", name);
    this.node = node;
  }

  /// The packages, ready to run. Where there is no Node the test is skipped, but not in CI.
  ///
  /// @param name of the folder in `src/test`
  public static NodePackages install(String name) throws InterruptedException {
    Optional<String> node = program("node");
    Optional<String> npm = program("npm");
    if (node.isEmpty() || npm.isEmpty()) {
      throw absent("node and npm are needed to run real MCP servers and clients");
    }
    NodePackages packages = new NodePackages(name, node.get());
    try {
      packages.installOnce(npm.get());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return packages;
  }

  /// Skips a test that runs packages by `npx` where there is none, but not in CI.
  public static void needNpx() {
    if (program("npx").isEmpty()) {
      throw absent("npx is needed to run packages");
    }
  }

  /// The browser of this machine. Where there is none the test is skipped, but not in CI.
  public static String chromium() {
    return Stream.of("chromium", "chromium-browser", "google-chrome")
        .flatMap(name -> program(name).stream())
        .findFirst()
        .orElseThrow(() -> absent("chromium is needed to look at a page"));
  }

  /// What to throw for something that the machine lacks: fails the test in CI, skips it elsewhere.
  static RuntimeException absent(String reason) {
    if (Optional.ofNullable(System.getenv("CI")).filter("true"::equals).isPresent()) {
      throw new AssertionError(reason);
    }
    return Assumptions.abort(reason);
  }

  private static Optional<String> program(String name) {
    return Stream.of(
            Optional.ofNullable(System.getenv("PATH")).orElse("").split(File.pathSeparator))
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst();
  }

  /// The lock is for test runs side by side; the copy of the lock file says what is installed.
  private void installOnce(String npm) throws IOException, InterruptedException {
    Files.createDirectories(folder);
    try (FileChannel channel =
            FileChannel.open(
                folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock _ = channel.lock()) {
      copySources();
      Path installed = folder.resolve("installed");
      Path wanted = source.resolve(LOCK_FILE);
      if (!Files.exists(installed) || Files.mismatch(installed, wanted) != -1) {
        run(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund");
        Files.copy(wanted, installed, StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private void copySources() throws IOException {
    try (Stream<Path> files = Files.walk(source)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path copy = folder.resolve(source.relativize(file));
        Files.createDirectories(copy.getParent());
        Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private void run(String... command) throws IOException, InterruptedException {
    Path log = folder.resolve("npm.log");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    if (!process.waitFor(INSTALL_MINUTES, TimeUnit.MINUTES)) {
      Process _ = process.destroyForcibly();
      throw new AssertionError("npm took too long: " + Files.readString(log));
    }
    if (process.exitValue() != 0) {
      throw new AssertionError("npm failed: " + Files.readString(log));
    }
  }

  /// The command of a script of a package.
  ///
  /// @param script by its path in the folder of all packages
  public List<String> command(Path script) {
    return List.of(node, file(Path.of("node_modules").resolve(script)));
  }

  /// A file that was installed or copied, by its path in the folder.
  public String file(Path path) {
    return folder.resolve(path).toAbsolutePath().toString();
  }

  /// The Node of this machine.
  public String node() {
    return node;
  }
}
