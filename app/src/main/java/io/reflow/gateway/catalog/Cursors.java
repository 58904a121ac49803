package io.reflow.gateway.catalog;

import io.reflow.gateway.fault.GatewayException.InvalidParams;
import io.reflow.gateway.identity.UserId;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/// The cursors of merged lists: sealed, so that a client can neither read nor make one, and bound
/// to the list, the user and an hour. The position is that of the last entry sent.
public final class Cursors {

  private static final String PREFIX = "c1.";
  private static final int NONCE = 12;
  private static final int TAG_BITS = 128;
  private static final Duration LIFETIME = Duration.ofHours(1);
  private static final SecureRandom RANDOM = new SecureRandom();

  private final SecretKeySpec key;
  private final InstantSource clock;

  /// @param key 32 bytes, for nothing else
  public Cursors(byte[] key, InstantSource clock) {
    this.key = new SecretKeySpec(key, "AES");
    this.clock = clock;
  }

  /// Behind which entry a page begins: the `index`-th of the target `target`.
  record Position(int priority, String target, int index) {

    static final Position START = new Position(Integer.MIN_VALUE, "", -1);
  }

  String seal(ListKind kind, UserId user, Position position) {
    Instant end = clock.instant().plus(LIFETIME);
    String plain =
        position.priority()
            + "|"
            + position.target()
            + "|"
            + position.index()
            + "|"
            + end.getEpochSecond();
    byte[] nonce = new byte[NONCE];
    RANDOM.nextBytes(nonce);
    byte[] sealed = crypt(Cipher.ENCRYPT_MODE, nonce, kind, user, bytes(plain));
    byte[] whole = Arrays.copyOf(nonce, NONCE + sealed.length);
    System.arraycopy(sealed, 0, whole, NONCE, sealed.length);
    return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(whole);
  }

  /// Opens a cursor that [#seal] made for the same list and user.
  ///
  /// @throws InvalidParams for every other text
  Position open(ListKind kind, UserId user, String cursor) {
    String[] parts = unseal(kind, user, cursor).split("\\|", -1);
    if (clock.instant().getEpochSecond() > Long.parseLong(parts[3])) {
      throw invalid();
    }
    return new Position(Integer.parseInt(parts[0]), parts[1], Integer.parseInt(parts[2]));
  }

  private String unseal(ListKind kind, UserId user, String cursor) {
    if (!cursor.startsWith(PREFIX) || cursor.length() > 512) {
      throw invalid();
    }
    try {
      byte[] whole = Base64.getUrlDecoder().decode(cursor.substring(PREFIX.length()));
      if (whole.length <= NONCE) {
        throw invalid();
      }
      byte[] nonce = Arrays.copyOf(whole, NONCE);
      byte[] sealed = Arrays.copyOfRange(whole, NONCE, whole.length);
      return new String(
          crypt(Cipher.DECRYPT_MODE, nonce, kind, user, sealed), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException | SealBroken _) {
      throw invalid();
    }
  }

  private byte[] crypt(int mode, byte[] nonce, ListKind kind, UserId user, byte[] text) {
    try {
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
      cipher.updateAAD(bytes(PREFIX + kind.method() + "|" + user));
      return cipher.doFinal(text);
    } catch (GeneralSecurityException e) {
      throw new SealBroken(e);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static InvalidParams invalid() {
    return new InvalidParams("Invalid cursor: begin the list anew without one");
  }

  private static final class SealBroken extends RuntimeException {
    private static final long serialVersionUID = 1;

    SealBroken(GeneralSecurityException cause) {
      super(cause);
    }
  }
}
