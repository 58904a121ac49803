package io.reflow.gateway.config;

import java.util.Optional;

/// The `auth` section: who may register and how logins are limited.
public record AuthConfig(
    Registration registration,
    Optional<Secret> setupToken,
    int maxLoginFailures,
    int maxConcurrentPasswordHashes) {

  /// `AUTO` means open where `server.public-url` is a loopback name, else first-user.
  public enum Registration {
    AUTO,
    OPEN,
    FIRST_USER,
    CLOSED
  }

  /// `maxConcurrentPasswordHashes` 0 means as many as there are cores.
  static final AuthConfig DEFAULTS = new AuthConfig(Registration.AUTO, Optional.empty(), 10, 0);

  public AuthConfig {
    new Check("auth")
        .length("setup-token", setupToken, 8)
        .range("max-login-failures", maxLoginFailures, 1, 1000)
        .range("max-concurrent-password-hashes", maxConcurrentPasswordHashes, 0, 1000)
        .orThrow();
  }
}
