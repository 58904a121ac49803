package io.reflow.gateway.session;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;

/// Names a session: 192 random bits, so that nobody guesses one. It is no proof of identity.
public record SessionId(String value) {

  /// Of what is no session to be found again.
  static final SessionId NONE = new SessionId("");

  private static final SecureRandom RANDOM = new SecureRandom();

  static SessionId next() {
    byte[] bytes = new byte[24];
    RANDOM.nextBytes(bytes);
    return new SessionId(Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
  }

  /// Tells sessions apart in logs and rows without letting their readers use them.
  public String digest() {
    if (value.isEmpty()) {
      return "";
    }
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(value.getBytes(StandardCharsets.US_ASCII));
      return HexFormat.of().formatHex(digest, 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  @Override
  public String toString() {
    return digest();
  }
}
