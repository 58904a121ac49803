package io.reflow.gateway.instance;

import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import java.util.SortedSet;

/// Names one running instance: two callers with equal keys share it, all others never do.
public record InstanceKey(TargetId target, Sharing sharing) {

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

  /// The instance of `target` that serves `caller`.
  public static InstanceKey of(Target target, Identity caller) {
    Sharing sharing =
        switch (target.isolation()) {
          case SHARED -> new Sharing.Everyone();
          case PER_ROLE -> new Sharing.Role(caller.role());
          case PER_GROUP -> new Sharing.Groups(caller.groups());
          case PER_USER -> new Sharing.User(caller.user());
        };
    return new InstanceKey(target.id(), sharing);
  }
}
