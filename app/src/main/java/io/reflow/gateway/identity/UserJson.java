package io.reflow.gateway.identity;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A user on the wire; `enabled` is for admins.
public record UserJson(
    String id,
    String email,
    String role,
    List<String> groups,
    @Nullable Boolean enabled,
    Instant createdAt,
    Instant updatedAt) {

  static UserJson of(User user) {
    return of(user, null);
  }

  static UserJson forAdmin(User user) {
    return of(user, user.enabled());
  }

  private static UserJson of(User user, @Nullable Boolean enabled) {
    Identity identity = user.identity();
    return new UserJson(
        identity.user().toString(),
        identity.email(),
        identity.role(),
        List.copyOf(identity.groups()),
        enabled,
        user.createdAt(),
        user.updatedAt());
  }
}
