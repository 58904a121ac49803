package io.reflow.gateway.target;

import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;

/// An MCP server that an admin has put behind the gateway. Immutable: a change makes a new value
/// with a higher `revision`.
///
/// @param toolPrefix what its names are prefixed with; absent: its name; empty: nothing
public record Target(
    TargetId id,
    String name,
    Transport transport,
    Isolation isolation,
    UpstreamAuth auth,
    int priority,
    Optional<String> title,
    Optional<String> toolPrefix,
    boolean enabled,
    long revision,
    TargetSettings settings,
    Instant createdAt,
    Instant updatedAt) {

  /// The order of every list of targets.
  public static final Comparator<Target> ORDER =
      Comparator.comparingInt(Target::priority).thenComparing(Target::name);

  /// A target with the settings that nobody has changed.
  public Target(
      TargetId id,
      String name,
      Transport transport,
      Isolation isolation,
      UpstreamAuth auth,
      int priority,
      Optional<String> title,
      Optional<String> toolPrefix,
      boolean enabled,
      long revision) {
    this(
        id,
        name,
        transport,
        isolation,
        auth,
        priority,
        title,
        toolPrefix,
        enabled,
        revision,
        TargetSettings.DEFAULTS,
        Instant.EPOCH,
        Instant.EPOCH);
  }

  /// Whether the instances of this version of a target can serve on for the other.
  public boolean runsLike(Target other) {
    return name.equals(other.name)
        && transport.equals(other.transport)
        && isolation == other.isolation
        && auth.equals(other.auth)
        && enabled == other.enabled
        && settings.undescribed().equals(other.settings.undescribed());
  }

  /// What stands before its tools' and prompts' names where several targets share a list; empty for
  /// none. No two targets have the same one, unless it is empty.
  public String effectivePrefix() {
    return toolPrefix.orElse(name);
  }
}
