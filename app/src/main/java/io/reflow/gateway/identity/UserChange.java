package io.reflow.gateway.identity;

import java.util.Optional;
import java.util.SortedSet;

/// What is given of a user, to create or change one; what is empty stays, or is the default.
record UserChange(
    Optional<String> role, Optional<SortedSet<String>> groups, Optional<Boolean> enabled) {

  static UserChange ofRole(String role) {
    return new UserChange(Optional.of(role), Optional.empty(), Optional.empty());
  }

  User appliedTo(User user) {
    Identity before = user.identity();
    var after =
        new Identity(
            before.user(),
            before.email(),
            role.orElse(before.role()),
            groups.orElse(before.groups()));
    return new User(
        after,
        enabled.orElse(user.enabled()),
        user.loginGeneration(),
        user.keptLogin(),
        user.createdAt(),
        user.updatedAt());
  }
}
