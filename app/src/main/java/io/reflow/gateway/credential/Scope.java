package io.reflow.gateway.credential;

import io.reflow.gateway.identity.UserId;
import java.util.Optional;
import java.util.UUID;

/// For whom a credential is stored.
public sealed interface Scope {

  record Default() implements Scope {}

  record Role(String name) implements Scope {}

  record Group(String name) implements Scope {}

  record User(UserId id) implements Scope {}

  default String kind() {
    return switch (this) {
      case Default() -> "default";
      case Role _ -> "role";
      case Group _ -> "group";
      case User _ -> "user";
    };
  }

  /// Empty for the default scope.
  default String value() {
    return switch (this) {
      case Default() -> "";
      case Role(var name) -> name;
      case Group(var name) -> name;
      case User(var id) -> id.toString();
    };
  }

  /// Empty for what this version does not know.
  static Optional<Scope> of(String kind, String value) {
    return switch (kind) {
      case "default" -> Optional.of(new Default());
      case "role" -> Optional.of(new Role(value));
      case "group" -> Optional.of(new Group(value));
      case "user" -> user(value);
      default -> Optional.empty();
    };
  }

  private static Optional<Scope> user(String id) {
    try {
      return Optional.of(new User(new UserId(UUID.fromString(id))));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }
}
