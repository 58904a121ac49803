package io.reflow.operator.testing;

import java.util.Arrays;
import java.util.Optional;

/// The kinds of objects that the API server for tests knows.
public enum Kind {
  POD("", "v1", "pods", "Pod", true),
  SERVICE("", "v1", "services", "Service", true),
  SECRET("", "v1", "secrets", "Secret", false),
  EVENT("", "v1", "events", "Event", false),
  POLICY("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", false),
  LEASE("coordination.k8s.io", "v1", "leases", "Lease", false),
  INSTANCE("mcp.reflow.io", "v1alpha1", "mcpinstances", "MCPInstance", true);

  final String group;
  final String version;
  final String plural;
  final String name;
  final boolean hasStatus;

  Kind(String group, String version, String plural, String name, boolean hasStatus) {
    this.group = group;
    this.version = version;
    this.plural = plural;
    this.name = name;
    this.hasStatus = hasStatus;
  }

  static Optional<Kind> of(String group, String version, String plural) {
    return Arrays.stream(values())
        .filter(k -> k.group.equals(group) && k.version.equals(version) && k.plural.equals(plural))
        .findFirst();
  }

  String apiVersion() {
    return group.isEmpty() ? version : group + "/" + version;
  }
}
