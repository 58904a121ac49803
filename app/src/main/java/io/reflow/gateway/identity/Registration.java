package io.reflow.gateway.identity;

import io.reflow.gateway.config.AuthConfig;
import io.reflow.gateway.config.Secret;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Who may register without being asked in. The very first user becomes admin; in production that
/// takes the setup token.
final class Registration {

  static final String USER = "user";

  private final AuthConfig.Registration rule;
  private final Optional<Secret> expectedToken;
  private final boolean production;

  Registration(AuthConfig config, boolean production) {
    this.rule = config.registration();
    this.expectedToken = config.setupToken();
    this.production = production;
  }

  /// The role of a user who registers.
  ///
  /// @throws NotPermitted when nobody may, or the setup token is missing or wrong
  String roleFor(boolean firstUser, @Nullable String setupToken) {
    boolean open =
        switch (rule) {
          case OPEN -> true;
          case FIRST_USER -> firstUser;
          case CLOSED -> false;
          case AUTO -> firstUser || !production;
        };
    if (!open) {
      throw new NotPermitted("registration is closed; ask an admin to create a user");
    }
    if (!firstUser) {
      return USER;
    }
    if (wantsSetupToken(firstUser)) {
      requireSetupToken(setupToken);
    }
    return Identity.ADMIN;
  }

  boolean wantsSetupToken(boolean firstUser) {
    return firstUser && production;
  }

  private void requireSetupToken(@Nullable String given) {
    if (expectedToken.isEmpty()) {
      throw new NotPermitted(
          "the first user needs a setup token: set auth.setup-token and restart the gateway");
    }
    if (given == null || !expectedToken.get().equals(new Secret(given))) {
      throw new NotPermitted(
          "the first user needs the value of auth.setup-token in the field 'setup_token'");
    }
  }
}
