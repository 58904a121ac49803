package io.reflow.gateway.upstream.stdio;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The packages that targets run by `npx` and `uvx`, installed once for all instances, which can
/// read but not change them.
final class Packages {

  private static final Logger LOG = LoggerFactory.getLogger(Packages.class);

  private final Path folder;
  private final Duration longest;
  private final ConcurrentHashMap<Path, CompletableFuture<Boolean>> installed =
      new ConcurrentHashMap<>();

  /// @param longest how long an installation may take
  Packages(Path dataDir, Duration longest) {
    this.folder = dataDir.resolve("packages");
    this.longest = longest;
  }

  /// Runs a command in a folder, contained as an instance is.
  @FunctionalInterface
  interface Installer {
    boolean run(List<String> command, Path home, Duration longest)
        throws IOException, InterruptedException;
  }

  Path folder() {
    return folder;
  }

  /// What a program is started with so that it finds the shared package; nothing for a program
  /// without one. Installs the package if it is not there yet.
  ///
  /// @param program the path of the command
  PackageRunner.Furnishing furnish(Launch launch, Path program, Installer installer)
      throws InterruptedException {
    for (PackageRunner runner : PackageRunner.ALL) {
      Optional<PackageRunner.Wanted> wanted = runner.wanted(launch);
      if (wanted.isPresent()) {
        String spec = wanted.get().spec();
        Path home = folder.resolve(runner.name()).resolve(digest(spec)).resolve("home");
        Optional<List<String>> command = runner.install(program, spec);
        return command.isPresent()
                && provided(launch.target(), command.get(), spec, home, installer)
            ? runner.furnish(home, wanted.get())
            : PackageRunner.Furnishing.NONE;
      }
    }
    return PackageRunner.Furnishing.NONE;
  }

  private boolean provided(
      String target, List<String> command, String spec, Path home, Installer installer)
      throws InterruptedException {
    var mine = new CompletableFuture<Boolean>();
    CompletableFuture<Boolean> others = installed.putIfAbsent(home, mine);
    if (others != null) {
      return joined(others);
    }
    boolean done = false;
    try {
      done = install(target, command, spec, home, installer);
      return done;
    } finally {
      if (!done) {
        installed.remove(home);
      }
      mine.complete(done);
    }
  }

  private boolean joined(CompletableFuture<Boolean> outcome) throws InterruptedException {
    try {
      return outcome.get(longest.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException _) {
      return false;
    }
  }

  private boolean install(
      String target, List<String> command, String spec, Path home, Installer installer)
      throws InterruptedException {
    Path ready = home.resolveSibling("ready");
    try {
      if (Files.exists(ready)) {
        return true;
      }
      if (installer.run(command, home, longest)) {
        Files.createFile(ready);
        return true;
      }
      LOG.atWarn()
          .addKeyValue("target", target)
          .log("A package could not be installed for all: {} is left to each instance", spec);
    } catch (IOException e) {
      LOG.atWarn()
          .addKeyValue("target", target)
          .setCause(e)
          .log("A package can't be kept for all: {} is left to each instance", spec);
    }
    return false;
  }

  private static String digest(String spec) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(spec.getBytes(UTF_8));
      return HexFormat.of().formatHex(hash, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
