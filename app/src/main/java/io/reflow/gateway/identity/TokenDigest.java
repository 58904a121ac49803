package io.reflow.gateway.identity;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// The SHA-256 of a token: what is kept and looked up in its place.
record TokenDigest(long first, long second, long third, long fourth) {

  /// Never used itself: to copy it takes less than to look the algorithm up for each token.
  private static final MessageDigest SHA_256 = sha256();

  static TokenDigest of(String token) {
    return of(fresh().digest(token.getBytes(StandardCharsets.UTF_8)));
  }

  static TokenDigest of(byte[] digest) {
    ByteBuffer bytes = ByteBuffer.wrap(digest);
    return new TokenDigest(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
  }

  byte[] bytes() {
    return ByteBuffer.allocate(32)
        .putLong(first)
        .putLong(second)
        .putLong(third)
        .putLong(fourth)
        .array();
  }

  /// A digest is evenly spread already.
  @Override
  public int hashCode() {
    return Long.hashCode(first);
  }

  private static MessageDigest fresh() {
    try {
      return (MessageDigest) SHA_256.clone();
    } catch (CloneNotSupportedException _) {
      return sha256();
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
