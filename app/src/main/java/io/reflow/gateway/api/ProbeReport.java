package io.reflow.gateway.api;

import java.util.List;
import java.util.Optional;

/// What became of a probe.
public sealed interface ProbeReport {

  /// The target answered. A count is absent where the target does not offer the feature.
  record Reached(
      String era,
      String protocolVersion,
      String serverName,
      Optional<String> serverVersion,
      Optional<Integer> tools,
      Optional<Integer> resources,
      Optional<Integer> prompts)
      implements ProbeReport {}

  /// It did not; `error` is fit for an admin, `stderr` the last lines of a process, oldest first.
  record Failed(String error, List<String> stderr) implements ProbeReport {

    public Failed {
      stderr = List.copyOf(stderr);
    }
  }
}
