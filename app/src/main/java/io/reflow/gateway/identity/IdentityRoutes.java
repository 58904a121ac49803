package io.reflow.gateway.identity;

import io.reflow.gateway.config.AuthConfig;
import io.reflow.gateway.fault.GatewayException.Conflict;
import io.reflow.gateway.fault.GatewayException.NotAuthenticated;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
import io.reflow.gateway.http.Exchange;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.Authentication.Kind;
import io.reflow.gateway.identity.LoginThrottle.Attempt;
import io.reflow.gateway.identity.UserStore.StoredLogin;
import jakarta.json.bind.annotation.JsonbProperty;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Registration, login, the caller's own user and password.
public final class IdentityRoutes {

  private final UserStore users;
  private final PasswordHash passwords;
  private final LoginTokens logins;
  private final Identities identities;
  private final Registration registration;
  private final PasswordCheck check;

  public IdentityRoutes(
      UserStore users,
      PasswordHash passwords,
      PasswordCheck check,
      LoginTokens logins,
      Identities identities,
      AuthConfig config,
      boolean production) {
    this.users = users;
    this.passwords = passwords;
    this.logins = logins;
    this.identities = identities;
    this.registration = new Registration(config, production);
    this.check = check;
  }

  public record RegisterJson(String email, String password, @Nullable String setupToken) {

    public RegisterJson {
      email = IdentityRules.email(email);
      password = IdentityRules.newPassword("password", password);
    }

    @Override
    public String toString() {
      return "RegisterJson[" + email + "]";
    }
  }

  public record LoginJson(String email, String password) {

    public LoginJson {
      email = IdentityRules.email(email);
      password = IdentityRules.password("password", password);
    }

    @Override
    public String toString() {
      return "LoginJson[" + email + "]";
    }
  }

  public record PasswordJson(
      @JsonbProperty("current") String current, @JsonbProperty("new") String replacement) {

    public PasswordJson {
      current = IdentityRules.password("current", current);
      replacement = IdentityRules.newPassword("new", replacement);
    }

    @Override
    public String toString() {
      return "PasswordJson[redacted]";
    }
  }

  public record SignedInJson(UserJson user, String token) {

    @Override
    public String toString() {
      return "SignedInJson[" + user + "]";
    }
  }

  public void register(Exchange<Authenticated> exchange) throws InterruptedException {
    RegisterJson body = exchange.body(RegisterJson.class);
    // Asked here as well, so that a refusal costs no hash and tells nothing about e-mails.
    requireOpen(body, exchange.peer());
    String hash = passwords.hash(body.password());
    User user =
        users.register(body.email(), hash, first -> registration.roleFor(first, body.setupToken()));
    identities.reload();
    exchange.created(signedIn(user));
  }

  private void requireOpen(RegisterJson body, String peer) {
    boolean first = users.isEmpty();
    var attempt = new Attempt("setup token", peer);
    if (registration.wantsSetupToken(first)) {
      check.throttle().begin(attempt);
    }
    registration.roleFor(first, body.setupToken());
    check.throttle().succeeded(attempt);
  }

  public void login(Exchange<Authenticated> exchange) throws InterruptedException {
    LoginJson body = exchange.body(LoginJson.class);
    Optional<StoredLogin> stored = users.findLogin(body.email());
    boolean right =
        check.isRight(
            body.password(),
            stored.map(StoredLogin::passwordHash),
            new Attempt(body.email(), exchange.peer()));
    User user =
        stored
            .map(StoredLogin::user)
            .filter(it -> right && it.enabled())
            .orElseThrow(() -> new NotAuthenticated("the e-mail or the password is wrong"));
    if (!identities.current().user(user.id()).equals(Optional.of(user))) {
      // Changed on another replica a moment ago: the token is to count here at once.
      identities.reload();
    }
    exchange.ok(signedIn(user));
  }

  public void me(Exchange<Authenticated> exchange) {
    UserId id = exchange.caller().identity().user();
    User user =
        identities.current().user(id).orElseThrow(() -> new NotAuthenticated("the user is gone"));
    exchange.ok(UserJson.of(user));
  }

  public void changePassword(Exchange<Authenticated> exchange) throws InterruptedException {
    PasswordJson body = exchange.body(PasswordJson.class);
    Authenticated caller = exchange.caller();
    StoredLogin stored =
        users
            .findLogin(caller.identity().user())
            .orElseThrow(() -> new NotAuthenticated("the user is gone"));
    var attempt = new Attempt(caller.identity().email(), exchange.peer());
    if (!check.isRight(body.current(), Optional.of(stored.passwordHash()), attempt)) {
      throw new NotPermitted("the current password is wrong");
    }
    String hash = passwords.hash(body.replacement());
    Optional<String> kept =
        caller.kind() == Kind.LOGIN ? Optional.of(caller.tokenId()) : Optional.empty();
    if (!users.changePassword(stored, hash, kept)) {
      throw new Conflict("the password was changed by another request");
    }
    identities.reload();
    exchange.noContent();
  }

  private SignedInJson signedIn(User user) {
    return new SignedInJson(UserJson.of(user), logins.issue(user));
  }
}
