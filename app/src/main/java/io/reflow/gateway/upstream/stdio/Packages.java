package io.reflow.gateway.upstream.stdio;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The packages that targets run by `npx`, installed once for all instances. An instance has npm's
/// folder in its own home, where npm finds the package as if it had installed it there: what npm
/// writes to is the instance's own, the installed package is a link to the shared one.
final class Packages {

  private static final Logger LOG = LoggerFactory.getLogger(Packages.class);

  /// A name in the registry, and perhaps a version.
  private static final Pattern SPEC =
      Pattern.compile("(@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*(@[A-Za-z0-9._^~+-]+)?");

  /// With these an instance may be given another package than others, under the same name.
  private static final Pattern OWN_WAYS =
      Pattern.compile("(npm_|node_|.*proxy$|path$).*", Pattern.CASE_INSENSITIVE);

  private static final String INSTALL = "umask 022; exec \"$0\" -y --package=\"$1\" -c true";

  /// Runs as the instance, in its sandbox: what it finds in its home need not be what it seems.
  private static final String FURNISH =
      """
      for shared in "$0"/_npx/*; do
        own=$HOME/.npm/_npx/${shared##*/}
        if [ ! -d "$own/node_modules" ]; then
          rm -rf "$own"
          mkdir -p "$own" "$HOME/.npm/_cacache"
          cp -R "$0/_cacache/." "$HOME/.npm/_cacache/"
          cp "$shared"/package*.json "$own/"
          ln -s "$shared/node_modules" "$own/node_modules"
        fi
      done >&2
      exec "$@"
      """;

  private final Path folder;
  private final Duration longest;
  private final ConcurrentHashMap<String, CompletableFuture<Boolean>> installed =
      new ConcurrentHashMap<>();

  /// @param longest how long an installation may take
  Packages(Path dataDir, Duration longest) {
    this.folder = dataDir.resolve("packages").resolve("npm");
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

  /// What stands in front of the program so that the instance finds the shared package; nothing for
  /// a program without one. Installs the package if it is not there yet.
  ///
  /// @param program the path of the command
  List<String> furnish(Launch launch, Path program, Installer installer)
      throws InterruptedException {
    Optional<String> spec = spec(launch);
    if (spec.isEmpty()) {
      return List.of();
    }
    Path home = folder.resolve(digest(spec.get())).resolve("home");
    return provided(launch.target(), program, spec.get(), home, installer)
        ? List.of("/bin/sh", "-c", FURNISH, home.resolve(".npm").toString())
        : List.of();
  }

  /// The one package that is run, if it is what everybody gets under this name.
  static Optional<String> spec(Launch launch) {
    boolean npx = Path.of(launch.command().getFirst()).endsWith("npx");
    boolean ownWays =
        launch.environment().keySet().stream().anyMatch(name -> OWN_WAYS.matcher(name).matches());
    if (!npx || ownWays) {
      return Optional.empty();
    }
    return launch.command().stream()
        .skip(1)
        .filter(argument -> !List.of("-y", "--yes", "-q", "--quiet").contains(argument))
        .findFirst()
        .filter(argument -> SPEC.matcher(argument).matches());
  }

  private boolean provided(String target, Path program, String spec, Path home, Installer installer)
      throws InterruptedException {
    var mine = new CompletableFuture<Boolean>();
    CompletableFuture<Boolean> others = installed.putIfAbsent(spec, mine);
    if (others != null) {
      return joined(others);
    }
    boolean done = false;
    try {
      done = install(target, program, spec, home, installer);
      return done;
    } finally {
      if (!done) {
        installed.remove(spec);
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

  private boolean install(String target, Path program, String spec, Path home, Installer installer)
      throws InterruptedException {
    Path ready = home.resolveSibling("ready");
    try {
      if (Files.exists(ready)) {
        return true;
      }
      List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", INSTALL));
      command.addAll(List.of(program.toString(), spec));
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
