package io.reflow.gateway.upstream.stdio;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Packages of Python that uv [installs as tools](https://docs.astral.sh/uv/concepts/tools/), with
/// an environment and, where the machine has none that fits, a Python of their own. An instance
/// runs the installed program itself: nothing but it has to be read, and nothing is written.
final class Uvx implements PackageRunner {

  private static final Pattern PROGRAM = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

  /// A program of the package of the same name, and perhaps a version.
  private static final Pattern SPEC =
      Pattern.compile("(%s)(@[A-Za-z0-9._+!-]+)?".formatted(PROGRAM));

  /// A name in the index, perhaps with extras, and perhaps versions.
  private static final Pattern REQUIREMENT =
      Pattern.compile(
          "%s(\\[[A-Za-z0-9._, -]+])?(@[A-Za-z0-9._+!-]+|([<>=!~]=?=?[A-Za-z0-9._+*-]+,?)+)?"
              .formatted(PROGRAM));

  private static final String FROM = "--from";
  private static final List<String> HARMLESS = List.of("-q", "--quiet");

  private static final String INSTALL =
      """
      umask 022
      export UV_TOOL_DIR="$HOME/tools" UV_TOOL_BIN_DIR="$HOME/bin"
      export UV_PYTHON_INSTALL_DIR="$HOME/python" UV_NO_CACHE=1 UV_COMPILE_BYTECODE=1
      exec "$0" tool install --force "$1"
      """;

  /// A package need not have the program that is asked for: `uvx` knows better what to say then.
  private static final String RUN =
      """
      program=$0/bin/$1
      words=$2
      shift 2
      if [ -x "$program" ]; then
        shift "$words"
        beside=$(readlink -f "$program")
        PATH=${beside%/*}:$PATH
        export PATH
        exec "$program" "$@"
      fi
      exec "$@"
      """;

  @Override
  public String name() {
    return "uv";
  }

  @Override
  public Optional<Wanted> wanted(Launch launch) {
    if (!PackageRunner.runs("uvx", launch)) {
      return Optional.empty();
    }
    List<String> command = launch.command();
    int at = 1;
    while (at < command.size() && HARMLESS.contains(command.get(at))) {
      at++;
    }
    String from = "";
    if (at + 1 < command.size() && command.get(at).equals(FROM)) {
      from = command.get(at + 1);
      at += 2;
    }
    return at < command.size() ? wanted(from, command.get(at), at + 1) : Optional.empty();
  }

  private static Optional<Wanted> wanted(String from, String program, int words) {
    if (!from.isEmpty()) {
      return REQUIREMENT.matcher(from).matches() && PROGRAM.matcher(program).matches()
          ? Optional.of(new Wanted(from, program, words))
          : Optional.empty();
    }
    var spec = SPEC.matcher(program);
    return spec.matches()
        ? Optional.of(new Wanted(program, spec.group(1), words))
        : Optional.empty();
  }

  @Override
  public Optional<List<String>> install(Path runner, String spec) {
    return uv(runner).map(uv -> List.of("/bin/sh", "-c", INSTALL, uv.toString(), spec));
  }

  /// `uvx` is `uv tool run`, and stands beside it.
  private static Optional<Path> uv(Path uvx) {
    return Stream.of(uvx, real(uvx))
        .map(path -> path.resolveSibling("uv"))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private static Path real(Path path) {
    try {
      return path.toRealPath();
    } catch (IOException _) {
      return path;
    }
  }

  @Override
  public Furnishing furnish(Path home, Wanted wanted) {
    return new Furnishing(
        List.of(
            "/bin/sh",
            "-c",
            RUN,
            home.toString(),
            wanted.program(),
            Integer.toString(wanted.words())),
        Map.of());
  }
}
