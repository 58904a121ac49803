package io.reflow.gateway.identity;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/// A token that a user made for a client: opaque, shown once, kept as its digest.
public record ApiToken(
    UUID id,
    UserId user,
    String name,
    TokenDigest digest,
    Set<TokenScope> scopes,
    Instant createdAt,
    Optional<Instant> expiresAt) {

  static final String PREFIX = "rfl_";

  private static final int RANDOM_BYTES = 32;
  private static final int LENGTH = PREFIX.length() + (RANDOM_BYTES * 8 + 5) / 6;
  private static final SecureRandom RANDOM = new SecureRandom();

  public ApiToken {
    scopes = Set.copyOf(scopes);
  }

  /// A new token's text, to be shown once.
  static String newText() {
    byte[] random = new byte[RANDOM_BYTES];
    RANDOM.nextBytes(random);
    return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
  }

  /// Whether a bearer token is meant to be one of these.
  static boolean looksLike(String text) {
    return text.startsWith(PREFIX);
  }

  /// Whether it can be one of these: asked before anything is computed from it.
  static boolean wellFormed(String text) {
    return text.length() == LENGTH;
  }

  boolean expired(Instant now) {
    return expiresAt.isPresent() && !now.isBefore(expiresAt.get());
  }
}
