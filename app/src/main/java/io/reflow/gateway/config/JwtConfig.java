package io.reflow.gateway.config;

import java.time.Duration;
import java.util.Optional;

/// The `jwt` section: the login tokens. `previousSecret` still verifies, so that the secret can be
/// changed without ending every login.
public record JwtConfig(
    Optional<Secret> secret,
    Optional<Secret> previousSecret,
    String issuer,
    String audience,
    Duration lifetime,
    Duration leeway) {

  static final JwtConfig DEFAULTS =
      new JwtConfig(
          Optional.empty(),
          Optional.empty(),
          "reflow-gateway",
          "reflow-gateway",
          Duration.ofHours(12),
          Duration.ofSeconds(30));

  public JwtConfig {
    new Check("jwt")
        .length("secret", secret, 32)
        .length("previous-secret", previousSecret, 32)
        .notBlank("issuer", issuer)
        .notBlank("audience", audience)
        .positive("lifetime", lifetime)
        .notNegative("leeway", leeway)
        .orThrow();
  }
}
