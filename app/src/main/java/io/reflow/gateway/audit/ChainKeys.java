package io.reflow.gateway.audit;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/// The keys that seal rows and what is said about them. The first seals, all verify, so that keys
/// can be changed. A seal is four bytes that name the key and an HMAC-SHA256 of 32.
public final class ChainKeys {

  static final int SEAL_BYTES = 36;
  private static final int ID_BYTES = 4;
  private static final String ALGORITHM = "HmacSHA256";

  private final Map<ByteBuffer, SecretKeySpec> keys = new LinkedHashMap<>();
  private final ByteBuffer current;

  /// What is sealed: no seal of one kind can be passed off as another.
  enum Kind {
    ROW('R'),
    CHECKPOINT('C'),
    DROPPED('D');

    private final byte code;

    Kind(char code) {
      this.code = (byte) code;
    }
  }

  /// @param keys the one that seals first
  public ChainKeys(List<byte[]> keys) {
    for (byte[] bytes : keys) {
      var key = new SecretKeySpec(bytes, ALGORITHM);
      this.keys.putIfAbsent(id(key), key);
    }
    this.current = this.keys.keySet().iterator().next();
  }

  /// Seals with the newest key. One thread's own.
  Sealer sealer() {
    return new Sealer(current);
  }

  byte[] seal(Kind kind, byte[] content) {
    return sealer().begin(kind).add(content, 0, content.length).end();
  }

  boolean holds(Kind kind, byte[] content, byte[] seal) {
    return new Verifier().holds(kind, content, seal);
  }

  /// Whether there is the key that a seal names.
  boolean knows(byte[] seal) {
    return seal.length == SEAL_BYTES && keys.containsKey(ByteBuffer.wrap(seal, 0, ID_BYTES));
  }

  /// Verifies seals of any key. One thread's own.
  final class Verifier {

    private final Map<ByteBuffer, Sealer> sealers = new LinkedHashMap<>();

    boolean holds(Kind kind, byte[] content, byte[] seal) {
      return begin(kind, seal)
          .map(sealer -> sealer.add(content, 0, content.length).end())
          .filter(expected -> MessageDigest.isEqual(expected, seal))
          .isPresent();
    }

    /// A sealer with the key that a seal names.
    Optional<Sealer> begin(Kind kind, byte[] seal) {
      if (!knows(seal)) {
        return Optional.empty();
      }
      ByteBuffer id = ByteBuffer.wrap(Arrays.copyOf(seal, ID_BYTES));
      return Optional.of(sealers.computeIfAbsent(id, Sealer::new).begin(kind));
    }
  }

  /// Makes one seal after the other.
  final class Sealer {

    private final byte[] id;
    private final Mac mac;
    private final ByteBuffer link = ByteBuffer.allocate(Long.BYTES + SEAL_BYTES);

    private Sealer(ByteBuffer id) {
      this.id = new byte[ID_BYTES];
      id.duplicate().get(this.id);
      this.mac = mac(key(id));
    }

    Sealer begin(Kind kind) {
      mac.update(kind.code);
      return this;
    }

    Sealer add(byte[] bytes, int from, int length) {
      mac.update(bytes, from, length);
      return this;
    }

    /// What binds a row to its place and to the row before it.
    Sealer add(ChainHead before) {
      link.clear().putLong(before.position() + 1).put(before.mac());
      return add(link.array(), 0, link.position());
    }

    byte[] end() {
      byte[] seal = Arrays.copyOf(id, SEAL_BYTES);
      try {
        mac.doFinal(seal, ID_BYTES);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
      return seal;
    }
  }

  static ByteBuffer put(ByteBuffer content, @Nullable UUID id) {
    UUID present = id == null ? new UUID(0, 0) : id;
    return content
        .putLong(present.getMostSignificantBits())
        .putLong(present.getLeastSignificantBits());
  }

  private SecretKeySpec key(ByteBuffer id) {
    SecretKeySpec key = keys.get(id);
    if (key == null) {
      throw new IllegalStateException("no such key");
    }
    return key;
  }

  private static ByteBuffer id(SecretKeySpec key) {
    Mac mac = mac(key);
    return ByteBuffer.wrap(Arrays.copyOf(mac.doFinal(new byte[] {'I'}), ID_BYTES));
  }

  private static Mac mac(SecretKeySpec key) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      return mac;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has no " + ALGORITHM, e);
    }
  }
}
