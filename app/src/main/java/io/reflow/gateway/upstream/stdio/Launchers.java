package io.reflow.gateway.upstream.stdio;

import io.reflow.gateway.config.StdioConfig.Sandbox;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The system's programs that a child process is started by, and whether they are there.
final class Launchers {

  private static final List<String> UTIL_LINUX = List.of("setsid", "setpriv", "prlimit");

  private final Map<String, String> paths = new HashMap<>();
  private final List<String> missing = new ArrayList<>();

  Launchers(Sandbox sandbox) {
    for (String program : UTIL_LINUX) {
      add(program, "util-linux");
    }
    if (sandbox == Sandbox.BUBBLEWRAP) {
      add("bwrap", "bubblewrap");
    }
  }

  private void add(String program, String fromPackage) {
    Programs.find(program, System.getenv().getOrDefault("PATH", ""))
        .ifPresentOrElse(
            found -> paths.put(program, found.toString()),
            () -> missing.add("'%s' (package %s)".formatted(program, fromPackage)));
  }

  /// What is not there, fit for a message.
  Optional<String> missing() {
    return missing.isEmpty()
        ? Optional.empty()
        : Optional.of("child processes need " + String.join(", ", missing) + " on this machine");
  }

  void require(String target) {
    missing()
        .ifPresent(what -> {
          throw new UpstreamFailed(target, "can't be started: " + what);
        });
  }

  String path(String program) {
    return Optional.ofNullable(paths.get(program))
        .orElseThrow(() -> new IllegalStateException("there is no " + program));
  }
}
