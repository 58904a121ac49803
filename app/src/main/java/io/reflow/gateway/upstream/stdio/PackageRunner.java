package io.reflow.gateway.upstream.stdio;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// A program that fetches a package and runs it: `npx`, `uvx`.
interface PackageRunner {

  List<PackageRunner> ALL = List.of(new Npx(), new Uvx());

  /// With these an instance may be given another package than others, under the same name.
  Pattern OWN_WAYS = Pattern.compile("(npm_|node_|uv_|.*proxy$|path$).*", Pattern.CASE_INSENSITIVE);

  /// The name of the folder that its packages are in.
  String name();

  /// The package that is run, if it is what everybody gets under this name.
  Optional<Wanted> wanted(Launch launch);

  /// A package to run.
  ///
  /// @param spec its name, and perhaps a version
  /// @param program what is run of it
  /// @param words of the command up to that, the runner's own name among them
  record Wanted(String spec, String program, int words) {}

  /// How the package is installed into the home of who does it.
  ///
  /// @param runner the program's path
  /// @return nothing where that can't be done
  Optional<List<String>> install(Path runner, String spec);

  /// What an instance is started with so that it finds the package.
  ///
  /// @param home that of who installed it
  Furnishing furnish(Path home, Wanted wanted);

  /// What stands in front of the command, and what is added to its environment.
  record Furnishing(List<String> front, Map<String, String> environment) {

    static final Furnishing NONE = new Furnishing(List.of(), Map.of());
  }

  /// Whether a target runs this program, in the way that everybody does.
  static boolean runs(String program, Launch launch) {
    return Path.of(launch.command().getFirst()).endsWith(program)
        && launch.environment().keySet().stream()
            .noneMatch(name -> OWN_WAYS.matcher(name).matches());
  }
}
