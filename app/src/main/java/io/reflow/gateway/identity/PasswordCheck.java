package io.reflow.gateway.identity;

import io.reflow.gateway.identity.LoginThrottle.Attempt;
import java.time.InstantSource;
import java.util.Optional;

/// Compares passwords, so often and no more: all who ask for one share the count of failures.
public final class PasswordCheck {

  private final UserStore users;
  private final PasswordHash passwords;
  private final LoginThrottle throttle;

  /// @param limit how many attempts may fail for one account from one address
  public PasswordCheck(UserStore users, PasswordHash passwords, int limit, InstantSource clock) {
    this.users = users;
    this.passwords = passwords;
    this.throttle = new LoginThrottle(limit, clock);
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
    throttle.begin(attempt);
    boolean compared = false;
    try {
      boolean right = passwords.verify(password, stored);
      compared = true;
      if (right) {
        throttle.succeeded(attempt);
      }
      return right;
    } finally {
      if (!compared) {
        throttle.withdrawn(attempt);
      }
    }
  }

  LoginThrottle throttle() {
    return throttle;
  }
}
