package io.reflow.gateway.identity;

import io.reflow.gateway.fault.GatewayException.Unavailable;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.Authentication.Kind;
import io.reflow.gateway.identity.Authentication.Rejected;
import io.reflow.gateway.identity.Authentication.Why;
import io.reflow.gateway.identity.LoginTokens.Login;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Says who the bearer of a token is, from memory alone: no database, no lock.
///
/// A login token's signature is checked once; whether the user is there and enabled, the token not
/// ended, expired or revoked, is looked up every time.
public final class Authenticator {

  private static final int CACHED_LOGINS = 10_000;

  private static final Rejected NO_TOKEN = new Rejected(Why.MISSING, "a bearer token is needed");
  private static final Rejected NOT_VALID =
      new Rejected(Why.INVALID, "the token is not valid or has expired");
  private static final Rejected EXPIRED = new Rejected(Why.EXPIRED, "the token has expired");
  private static final Rejected ENDED = new Rejected(Why.ENDED, "the token no longer counts");

  private final LoginTokens logins;
  private final Identities identities;
  private final TokenUse use;
  private final InstantSource clock;
  private final VerifiedLogins verified = new VerifiedLogins(CACHED_LOGINS);

  public Authenticator(
      LoginTokens logins, Identities identities, TokenUse use, InstantSource clock) {
    this.logins = logins;
    this.identities = identities;
    this.use = use;
    this.clock = clock;
  }

  /// Says whose token it is, as of now.
  ///
  /// @throws Unavailable as long as the users were never loaded
  public Authentication authenticate(Optional<String> bearerToken) {
    if (bearerToken.isEmpty()) {
      return NO_TOKEN;
    }
    IdentitySnapshot now = loaded();
    String token = bearerToken.get();
    return ApiToken.looksLike(token) ? apiToken(token, now) : login(token, now);
  }

  /// Whether a token that was accepted earlier still is, and who its bearer is by now: for whatever
  /// lives longer than a request.
  ///
  /// @throws Unavailable as long as the users were never loaded
  public Authentication recheck(Authenticated earlier) {
    IdentitySnapshot now = loaded();
    if (!clock.instant().isBefore(earlier.expiresAt())) {
      return EXPIRED;
    }
    User user = now.userOrNull(earlier.identity().user());
    if (user == null || !user.enabled() || !stillThere(earlier, user, now)) {
      return ENDED;
    }
    return new Authenticated(
        user.identity(), earlier.scopes(), earlier.kind(), earlier.tokenId(), earlier.expiresAt());
  }

  private static boolean stillThere(Authenticated earlier, User user, IdentitySnapshot now) {
    return switch (earlier.kind()) {
      case LOGIN -> LoginId.parse(earlier.tokenId()).filter(user::accepts).isPresent();
      case API_TOKEN -> now.tokenOrNull(UUID.fromString(earlier.tokenId())) != null;
    };
  }

  private IdentitySnapshot loaded() {
    IdentitySnapshot now = identities.current();
    if (!now.loaded()) {
      throw new Unavailable("the gateway has not loaded its users yet", Duration.ofSeconds(5));
    }
    return now;
  }

  private Authentication apiToken(String text, IdentitySnapshot now) {
    ApiToken token = ApiToken.wellFormed(text) ? now.tokenOrNull(TokenDigest.of(text)) : null;
    if (token == null) {
      return NOT_VALID;
    }
    if (token.expired(clock.instant())) {
      return EXPIRED;
    }
    User user = now.userOrNull(token.user());
    if (user == null || !user.enabled()) {
      return ENDED;
    }
    use.used(token.id());
    return new Authenticated(
        user.identity(),
        token.scopes(),
        Kind.API_TOKEN,
        token.id().toString(),
        token.expiresAt().orElse(Instant.MAX));
  }

  private Authentication login(String text, IdentitySnapshot now) {
    Login login = verified(text);
    if (login == null) {
      return NOT_VALID;
    }
    if (login.ended(clock.instant())) {
      return EXPIRED;
    }
    User user = now.userOrNull(login.user());
    if (user == null || !user.enabled() || !user.accepts(login.id())) {
      return ENDED;
    }
    return new Authenticated(
        user.identity(), login.scopes(), Kind.LOGIN, login.id().text(), login.end());
  }

  private @Nullable Login verified(String text) {
    if (!LoginTokens.plausible(text)) {
      return null;
    }
    TokenDigest digest = TokenDigest.of(text);
    Login known = verified.find(digest);
    if (known != null) {
      return known;
    }
    Login checked = logins.verify(text).orElse(null);
    if (checked != null) {
      verified.put(digest, checked);
    }
    return checked;
  }
}
