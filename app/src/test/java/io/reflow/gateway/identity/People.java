package io.reflow.gateway.identity;

import io.reflow.gateway.config.GatewayConfig;
import io.reflow.gateway.config.JwtConfig;
import io.reflow.gateway.config.Secret;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/// Users and settings for tests.
final class People {

  static final Instant LONG_AGO = Instant.parse("2026-01-01T00:00:00Z");
  static final Secret SECRET = new Secret("a secret of tests, as long as it needs to be");
  static final Secret OTHER_SECRET = new Secret("another secret of tests, also long enough");

  private People() {}

  static User user(String name) {
    return with(name, Registration.USER, true, 0, Optional.empty());
  }

  static User admin(String name) {
    return with(name, Identity.ADMIN, true, 0, Optional.empty());
  }

  static User disabled(User user) {
    return new User(
        user.identity(),
        false,
        user.loginGeneration(),
        user.keptLogin(),
        user.createdAt(),
        user.updatedAt());
  }

  static User afterPasswordChange(User user, Optional<String> keptLogin) {
    return new User(
        user.identity(),
        user.enabled(),
        user.loginGeneration() + 1,
        keptLogin,
        user.createdAt(),
        user.updatedAt());
  }

  static User inRole(User user, String role) {
    var identity = new Identity(user.id(), user.identity().email(), role, user.identity().groups());
    return new User(
        identity,
        user.enabled(),
        user.loginGeneration(),
        user.keptLogin(),
        user.createdAt(),
        user.updatedAt());
  }

  private static User with(
      String name, String role, boolean enabled, int generation, Optional<String> keptLogin) {
    UUID id = UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
    var identity = new Identity(new UserId(id), name + "@example.com", role, Set.of("staff"));
    return new User(identity, enabled, generation, keptLogin, LONG_AGO, LONG_AGO);
  }

  static JwtConfig jwt(Secret secret) {
    return jwt(secret, Optional.empty());
  }

  static JwtConfig jwt(Secret secret, Optional<Secret> previous) {
    JwtConfig defaults = GatewayConfig.DEFAULTS.jwt();
    return new JwtConfig(
        Optional.of(secret),
        previous,
        defaults.issuer(),
        defaults.audience(),
        defaults.lifetime(),
        defaults.leeway());
  }
}
