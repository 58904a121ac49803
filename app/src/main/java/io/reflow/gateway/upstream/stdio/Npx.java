package io.reflow.gateway.upstream.stdio;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// Packages of npm. An instance has npm's folder in its own home, where npm finds the package as if
/// it had installed it there: what npm writes to is the instance's own, the installed package is a
/// link to the shared one.
final class Npx implements PackageRunner {

  /// A name in the registry, and perhaps a version.
  private static final Pattern SPEC =
      Pattern.compile("(@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*(@[A-Za-z0-9._^~+-]+)?");

  private static final List<String> HARMLESS = List.of("-y", "--yes", "-q", "--quiet");

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

  @Override
  public String name() {
    return "npm";
  }

  @Override
  public Optional<Wanted> wanted(Launch launch) {
    if (!PackageRunner.runs("npx", launch)) {
      return Optional.empty();
    }
    List<String> command = launch.command();
    int at = 1;
    while (at < command.size() && HARMLESS.contains(command.get(at))) {
      at++;
    }
    return at < command.size() && SPEC.matcher(command.get(at)).matches()
        ? Optional.of(new Wanted(command.get(at), command.get(at), at + 1))
        : Optional.empty();
  }

  @Override
  public Optional<List<String>> install(Path runner, String spec) {
    return Optional.of(List.of("/bin/sh", "-c", INSTALL, runner.toString(), spec));
  }

  @Override
  public Furnishing furnish(Path home, Wanted wanted) {
    return new Furnishing(
        List.of("/bin/sh", "-c", FURNISH, home.resolve(".npm").toString()),
        Map.of("npm_config_prefer_offline", "true", "npm_config_update_notifier", "false"));
  }
}
