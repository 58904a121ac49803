package io.reflow.gateway.api;

import io.reflow.gateway.config.Secret;
import io.reflow.gateway.target.Target;
import java.util.List;
import java.util.Map;

/// A target as it was found in the file of a desktop client, with its secrets taken out.
///
/// @param source what it is called there
/// @param ignored the fields of the file that mean nothing here
record ImportedTarget(
    String source, Target target, Map<String, Secret> secrets, List<String> ignored) {

  ImportedTarget {
    secrets = Map.copyOf(secrets);
    ignored = List.copyOf(ignored);
  }
}
