package io.reflow.gateway.instance;

import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import java.util.Optional;
import java.util.SortedSet;

/// Names one running instance: two callers with equal keys share it, all others never do.
///
/// @param session the one session of a client that a stateful target's instance serves, by the name
///   that logs have for it
/// @param capabilities what the target is told that its clients can do: targets of the `initialize`
///   era are told once, so that callers whose clients differ in this can't share one
public record InstanceKey(
    TargetId target, Sharing sharing, Optional<String> session, ClientCapabilities capabilities) {

  /// An instance for all sessions.
  public InstanceKey(TargetId target, Sharing sharing) {
    this(target, sharing, Optional.empty(), ClientCapabilities.NONE);
  }

  /// Who shares the instance.
  public sealed interface Sharing {

    record Everyone() implements Sharing {}

    record Role(String name) implements Sharing {}

    /// The caller's whole set of groups; empty for a caller without groups.
    record Groups(SortedSet<String> names) implements Sharing {}

    record User(UserId id) implements Sharing {}

    /// As shown to admins: `shared`, `role:x`, `groups:a,b`, `user:<id>`.
    default String wireName() {
      return switch (this) {
        case Everyone() -> "shared";
        case Role(var name) -> "role:" + name;
        case Groups(var names) -> "groups:" + String.join(",", names);
        case User(var id) -> "user:" + id;
      };
    }
  }

  /// What the instances of all sessions of the same callers have in common.
  public InstanceKey withoutSession() {
    return new InstanceKey(target, sharing);
  }

  /// As shown to admins: who shares it, and the session that it is for.
  public String wireName() {
    return sharing.wireName() + session.map(name -> " session:" + name).orElse("");
  }

  /// The instance of `target` that serves `caller` in no session of theirs.
  public static InstanceKey of(Target target, Identity caller) {
    return new InstanceKey(target.id(), sharing(target, caller));
  }

  /// The instance of `target` that serves `caller` in a session.
  public static InstanceKey of(Target target, Identity caller, String session) {
    Optional<String> own = target.settings().stateful() ? Optional.of(session) : Optional.empty();
    return new InstanceKey(target.id(), sharing(target, caller), own, ClientCapabilities.NONE);
  }

  private static Sharing sharing(Target target, Identity caller) {
    return switch (target.isolation()) {
      case SHARED -> new Sharing.Everyone();
      case PER_ROLE -> new Sharing.Role(caller.role());
      case PER_GROUP -> new Sharing.Groups(caller.groups());
      case PER_USER -> new Sharing.User(caller.user());
    };
  }
}
