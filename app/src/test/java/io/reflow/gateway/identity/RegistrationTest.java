package io.reflow.gateway.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.config.AuthConfig;
import io.reflow.gateway.config.Secret;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RegistrationTest {

  private static final boolean FIRST = true;
  private static final boolean LATER = false;
  private static final boolean PRODUCTION = true;
  private static final boolean LOCAL = false;

  @Test
  void isOpenOnTheOwnMachine() {
    var registration = registration(AuthConfig.Registration.AUTO, LOCAL, null);

    assertThat(registration.roleFor(FIRST, null)).isEqualTo("admin");
    assertThat(registration.roleFor(LATER, null)).isEqualTo("user");
  }

  @Test
  void isForTheFirstUserInProduction() {
    var registration = registration(AuthConfig.Registration.AUTO, PRODUCTION, "open sesame");

    assertThat(registration.roleFor(FIRST, "open sesame")).isEqualTo("admin");
    assertThatThrownBy(() -> registration.roleFor(LATER, "open sesame"))
        .isInstanceOf(NotPermitted.class)
        .hasMessageContaining("closed");
  }

  @Test
  void wantsTheSetupTokenInProduction() {
    for (var rule :
        new AuthConfig.Registration[] {
          AuthConfig.Registration.AUTO,
          AuthConfig.Registration.OPEN,
          AuthConfig.Registration.FIRST_USER
        }) {
      var registration = registration(rule, PRODUCTION, "open sesame");

      assertThatThrownBy(() -> registration.roleFor(FIRST, null))
          .hasMessageContaining("setup_token");
      assertThatThrownBy(() -> registration.roleFor(FIRST, "Sesame"))
          .isInstanceOf(NotPermitted.class)
          .hasMessageNotContaining("esame");
    }
  }

  @Test
  void namesTheKeyWhenThereIsNoSetupToken() {
    var registration = registration(AuthConfig.Registration.AUTO, PRODUCTION, null);

    assertThatThrownBy(() -> registration.roleFor(FIRST, ""))
        .isInstanceOf(NotPermitted.class)
        .hasMessageContaining("auth.setup-token");
  }

  @Test
  void mayBeOpenInProductionToo() {
    var registration = registration(AuthConfig.Registration.OPEN, PRODUCTION, "open sesame");

    assertThat(registration.roleFor(LATER, null)).isEqualTo("user");
  }

  @Test
  void mayBeClosedToAll() {
    var registration = registration(AuthConfig.Registration.CLOSED, LOCAL, null);

    assertThatThrownBy(() -> registration.roleFor(FIRST, null)).isInstanceOf(NotPermitted.class);
    assertThatThrownBy(() -> registration.roleFor(LATER, null)).isInstanceOf(NotPermitted.class);
  }

  @Test
  void mayBeForTheFirstOnlyOnTheOwnMachine() {
    var registration = registration(AuthConfig.Registration.FIRST_USER, LOCAL, null);

    assertThat(registration.roleFor(FIRST, null)).isEqualTo("admin");
    assertThatThrownBy(() -> registration.roleFor(LATER, null)).isInstanceOf(NotPermitted.class);
  }

  private static Registration registration(
      AuthConfig.Registration rule, boolean production, @Nullable String setupToken) {
    Optional<Secret> secret = Optional.ofNullable(setupToken).map(Secret::new);
    return new Registration(new AuthConfig(rule, secret, 10, 0), production);
  }
}
