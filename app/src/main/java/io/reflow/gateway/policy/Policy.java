package io.reflow.gateway.policy;

import io.reflow.gateway.target.TargetId;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// One rule as an admin wrote it: what it does (`effect`) with which features of which target, for
/// whom. It need not be sound: what is broken in it never opens anything.
///
/// @param target absent: every target
/// @param kind absent: every kind
/// @param pattern a regular expression for the whole name; absent: every name
public record Policy(
    UUID id,
    String name,
    String description,
    Optional<TargetId> target,
    Optional<Feature.Kind> kind,
    Optional<String> pattern,
    Effect effect,
    int priority,
    boolean enabled,
    List<Member> members,
    Instant createdAt,
    Instant updatedAt) {

  /// The first that matches decides: highest priority, then deny before allow. Among equals the
  /// order does not matter, but is always the same.
  public static final Comparator<Policy> ORDER =
      Comparator.comparingInt(Policy::priority)
          .reversed()
          .thenComparing(Policy::effect, Comparator.reverseOrder())
          .thenComparing(Policy::name)
          .thenComparing(Policy::id);

  /// Whether it makes no difference between callers.
  boolean forAll() {
    return members.isEmpty()
        || members.stream().anyMatch(member -> member.subject() instanceof Subject.Everyone);
  }

  public Policy {
    members = List.copyOf(members);
  }

  /// A subject of a policy, and the id by which it can be removed.
  public record Member(UUID id, Subject subject) {}
}
