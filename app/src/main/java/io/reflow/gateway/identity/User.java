package io.reflow.gateway.identity;

import java.time.Instant;
import java.util.Optional;

/// A row of the users table, without the password's hash.
///
/// Login tokens count in the generation in which they were issued; `keptLogin` names the one that
/// outlived the last change of the password.
public record User(
    Identity identity,
    boolean enabled,
    int loginGeneration,
    Optional<String> keptLogin,
    Instant createdAt,
    Instant updatedAt) {

  public UserId id() {
    return identity.user();
  }

  boolean accepts(LoginId login) {
    return login.generation() == loginGeneration
        || keptLogin.filter(login.text()::equals).isPresent();
  }

  /// An admin who can act: there must always be one.
  boolean activeAdmin() {
    return enabled && identity.admin();
  }
}
