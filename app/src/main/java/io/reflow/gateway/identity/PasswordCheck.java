package io.reflow.gateway.identity;

import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.identity.LoginThrottle.Attempt;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Consumer;

/// Compares passwords, so often and no more: all who ask for one share the count of failures.
public final class PasswordCheck {

  private final UserStore users;
  private final PasswordHash passwords;
  private final LoginThrottle throttle;
  private final Consumer<String> refused;

  /// @param limit how many attempts may fail for one account from one address
  /// @param refused counts what fails, by a word for the reason
  public PasswordCheck(
      UserStore users,
      PasswordHash passwords,
      int limit,
      InstantSource clock,
      Consumer<String> refused) {
    this.users = users;
    this.passwords = passwords;
    this.throttle = new LoginThrottle(limit, clock);
    this.refused = refused;
  }

  /// Whether it is the password of someone who is logged in already.
  ///
  /// @param peer the address that it comes from
  /// @throws io.reflow.gateway.fault.GatewayException.Overloaded when there were too many attempts,
  ///   or too many at a time
  public boolean confirms(Identity user, String password, String peer) throws InterruptedException {
    Optional<String> stored = users.findLogin(user.user()).map(UserStore.StoredLogin::passwordHash);
    return isRight(password, stored, new Attempt(user.email(), peer));
  }

  boolean isRight(String password, Optional<String> stored, Attempt attempt)
      throws InterruptedException {
    begin(attempt);
    boolean compared = false;
    try {
      boolean right = passwords.verify(password, stored);
      compared = true;
      if (right) {
        throttle.succeeded(attempt);
      } else {
        refused.accept("password_wrong");
      }
      return right;
    } finally {
      if (!compared) {
        throttle.withdrawn(attempt);
      }
    }
  }

  private void begin(Attempt attempt) {
    try {
      throttle.begin(attempt);
    } catch (Overloaded e) {
      refused.accept("password_throttled");
      throw e;
    }
  }

  LoginThrottle throttle() {
    return throttle;
  }
}
