package io.reflow.gateway.session;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// Makes the ids of sessions that others than this process know, and tells them from invented ones
/// without asking anybody: `<132 random bits>.<epoch of the replica that opened it>.<MAC>`.
final class SessionIds {

  private static final int RANDOM_LENGTH = 22;
  private static final int MAC_BYTES = 12;
  private static final int EPOCH_RADIX = 36;
  private static final Pattern ID =
      Pattern.compile("([A-Za-z0-9_-]{22}\\.([0-9a-z]{1,12}))\\.([A-Za-z0-9_-]{16})");

  private final SecureRandom random = new SecureRandom();
  private final List<SecretKeySpec> keys;

  /// @param keys the same on every replica; the first one makes ids, each knows its own
  SessionIds(Collection<byte[]> keys) {
    this.keys = keys.stream().map(key -> new SecretKeySpec(key, "HmacSHA256")).toList();
  }

  SessionId next(long epoch) {
    byte[] bytes = new byte[17];
    random.nextBytes(bytes);
    String start =
        encoded(bytes).substring(0, RANDOM_LENGTH) + "." + Long.toString(epoch, EPOCH_RADIX);
    return new SessionId(start + "." + encoded(mac(keys.getFirst(), start)));
  }

  /// The epoch of the replica that made the id; empty when none did.
  OptionalLong epochOf(String id) {
    Matcher parts = ID.matcher(id);
    if (!parts.matches()) {
      return OptionalLong.empty();
    }
    byte[] claimed = Base64.getUrlDecoder().decode(parts.group(3));
    return keys.stream().anyMatch(key -> MessageDigest.isEqual(claimed, mac(key, parts.group(1))))
        ? OptionalLong.of(Long.parseLong(parts.group(2), EPOCH_RADIX))
        : OptionalLong.empty();
  }

  /// What stands for an id where it must not be kept itself.
  static String digest(String id) {
    try {
      return encoded(
          MessageDigest.getInstance("SHA-256").digest(id.getBytes(StandardCharsets.US_ASCII)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static byte[] mac(SecretKeySpec key, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      return Arrays.copyOf(mac.doFinal(text.getBytes(StandardCharsets.US_ASCII)), MAC_BYTES);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HmacSHA256", e);
    }
  }

  private static String encoded(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
