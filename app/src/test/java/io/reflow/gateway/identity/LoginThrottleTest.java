package io.reflow.gateway.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.identity.LoginThrottle.Attempt;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LoginThrottleTest {

  private static final Attempt ATTACK = new Attempt("ann@example.com", "203.0.113.7");

  private final SettableClock clock = new SettableClock();
  private final LoginThrottle throttle = new LoginThrottle(3, clock);

  @Test
  void refusesAfterTooManyFailuresAndSaysForHowLong() {
    fail(ATTACK, 3);
    clock.advance(Duration.ofMinutes(5));

    assertThatThrownBy(() -> throttle.begin(ATTACK))
        .asInstanceOf(type(Overloaded.class))
        .extracting(Overloaded::retryAfter)
        .isEqualTo(Duration.ofMinutes(10));
  }

  @Test
  void letsTheOwnerInFromElsewhere() {
    fail(ATTACK, 3);

    throttle.begin(new Attempt("ann@example.com", "198.51.100.1"));
    throttle.begin(new Attempt("bob@example.com", "203.0.113.7"));
  }

  @Test
  void letsInAgainWhenTheWindowIsOver() {
    fail(ATTACK, 3);
    clock.advance(Duration.ofMinutes(15));

    throttle.begin(ATTACK);
  }

  @Test
  void forgetsFailuresAfterASuccess() {
    fail(ATTACK, 2);
    throttle.begin(ATTACK);
    throttle.succeeded(ATTACK);

    fail(ATTACK, 3);
  }

  @Test
  void doesNotCountWhatWasWithdrawn() {
    for (int i = 0; i < 10; i++) {
      throttle.begin(ATTACK);
      throttle.withdrawn(ATTACK);
    }

    assertThat(throttle.remembered()).isZero();
  }

  @Test
  void takesTheAddressesOfOneNetworkForOne() {
    fail(new Attempt("ann@example.com", "2001:db8:1:2::1"), 3);

    assertThatThrownBy(() -> throttle.begin(new Attempt("ann@example.com", "2001:db8:1:2:ffff::9")))
        .isInstanceOf(Overloaded.class);
    throttle.begin(new Attempt("ann@example.com", "2001:db8:1:3::1"));
  }

  @Test
  void remembersOnlySoMany() {
    for (int i = 0; i < 30_000; i++) {
      throttle.begin(new Attempt("user%d@example.com".formatted(i), "203.0.113.7"));
    }

    assertThat(throttle.remembered()).isEqualTo(10_000);
  }

  private void fail(Attempt attempt, int times) {
    for (int i = 0; i < times; i++) {
      throttle.begin(attempt);
    }
  }
}
