package io.reflow.gateway.identity;

import java.time.Instant;
import java.util.Set;

/// What became of a bearer token.
public sealed interface Authentication {

  /// The token counts. `tokenId` is the `jti` of a login token or the id of an API token;
  /// `expiresAt` is [Instant#MAX] for an API token without an end.
  record Authenticated(
      Identity identity, Set<TokenScope> scopes, Kind kind, String tokenId, Instant expiresAt)
      implements Authentication {

    public Authenticated {
      scopes = Set.copyOf(scopes);
    }

    /// Whether the token is good for this; `admin` asks for the role as well.
    public boolean mayUse(TokenScope scope) {
      return scopes.contains(scope) && (scope != TokenScope.ADMIN || identity.admin());
    }
  }

  /// The token does not count; `reason` is fit for the caller.
  record Rejected(Why why, String reason) implements Authentication {}

  /// Why a token does not count, as it is counted.
  enum Why {
    MISSING("token_missing"),
    INVALID("token_invalid"),
    EXPIRED("token_expired"),
    /// It was revoked, or its user is no more.
    ENDED("token_ended");

    private final String word;

    Why(String word) {
      this.word = word;
    }

    public String word() {
      return word;
    }
  }

  /// How the caller got the token.
  enum Kind {
    LOGIN,
    API_TOKEN
  }
}
