package io.reflow.gateway.upstream.kubernetes;

import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.target.Isolation;
import io.reflow.operator.crd.SubjectKey;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// The subject keys of those who share an instance. All sessions of the same callers have the same
/// one: each has a session of its own with the one server.
final class Subjects {

  private static final String SHARED = "shared";
  private static final String ROLE = "role";
  private static final String GROUPS = "groups";
  private static final String USER = "user";

  private Subjects() {}

  /// Whether a target's instances are shared in this way.
  static boolean fits(String key, Isolation isolation) {
    String kind =
        switch (isolation) {
          case SHARED -> SHARED;
          case PER_ROLE -> ROLE;
          case PER_GROUP -> GROUPS;
          case PER_USER -> USER;
        };
    return key.startsWith(kind)
        && (key.length() == kind.length() || ":#".indexOf(key.charAt(kind.length())) >= 0);
  }

  static String key(Sharing sharing) {
    return switch (sharing) {
      case Sharing.Everyone() -> SubjectKey.of(SHARED, List.of());
      case Sharing.Role(var name) -> SubjectKey.of(ROLE, List.of(name));
      case Sharing.Groups(var names) -> SubjectKey.of(GROUPS, List.copyOf(names));
      case Sharing.User(var id) -> SubjectKey.of(USER, List.of(id.toString()));
    };
  }

  /// The user whose own the instance is, if it is one's own.
  static Optional<UserId> user(String key) {
    if (!key.startsWith(USER + ":")) {
      return Optional.empty();
    }
    try {
      return Optional.of(new UserId(UUID.fromString(key.substring(key.lastIndexOf(':') + 1))));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }
}
