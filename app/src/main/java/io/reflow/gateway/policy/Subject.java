package io.reflow.gateway.policy;

import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.UserId;
import java.util.Optional;
import java.util.UUID;

/// Whom a policy speaks about.
public sealed interface Subject {

  record Everyone() implements Subject {}

  record Role(String name) implements Subject {}

  record Group(String name) implements Subject {}

  record User(UserId id) implements Subject {}

  /// Empty for a type that does not exist, or a value that can't be one of the type.
  static Optional<Subject> of(String type, String value) {
    return switch (type) {
      case "everyone" -> Optional.of(new Everyone());
      case "role" -> Optional.of(value).filter(name -> !name.isEmpty()).map(Role::new);
      case "group" -> Optional.of(value).filter(name -> !name.isEmpty()).map(Group::new);
      case "user" -> user(value);
      default -> Optional.empty();
    };
  }

  private static Optional<Subject> user(String id) {
    try {
      return Optional.of(new User(new UserId(UUID.fromString(id))));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  default boolean includes(Identity identity) {
    return switch (this) {
      case Everyone() -> true;
      case Role(var name) -> name.equals(identity.role());
      case Group(var name) -> identity.groups().contains(name);
      case User(var id) -> id.equals(identity.user());
    };
  }

  default String wireType() {
    return switch (this) {
      case Everyone() -> "everyone";
      case Role _ -> "role";
      case Group _ -> "group";
      case User _ -> "user";
    };
  }

  /// Empty for everyone.
  default String wireValue() {
    return switch (this) {
      case Everyone() -> "";
      case Role(var name) -> name;
      case Group(var name) -> name;
      case User(var id) -> id.toString();
    };
  }
}
