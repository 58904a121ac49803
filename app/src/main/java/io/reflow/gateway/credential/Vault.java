package io.reflow.gateway.credential;

import io.reflow.gateway.config.EncryptionConfig;
import io.reflow.gateway.config.Secret;
import io.reflow.gateway.credential.VaultException.UnknownKey;
import io.reflow.gateway.credential.VaultException.WrongKey;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/// Encrypts and decrypts with AES-256-GCM. What is sealed for one place (the associated data) does
/// not open at another. The first key seals, every key opens: so keys can be changed in two steps
/// without an interruption.
public final class Vault {

  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;
  private static final int KEY_BYTES = 32;
  private static final Pattern KEY_ID = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  private final SecureRandom random = new SecureRandom();
  private final Map<String, SecretKeySpec> keys;
  private final String sealingKey;

  /// @throws IllegalArgumentException naming the configuration key that is missing or wrong
  public Vault(EncryptionConfig config) {
    this.keys = keys(config);
    this.sealingKey =
        keys.keySet().stream()
            .findFirst()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "encryption.key is not set: it must have 32 characters"));
  }

  String sealingKey() {
    return sealingKey;
  }

  /// A key for another purpose, made from the one that seals: whoever learns it learns nothing of
  /// that one. Equal on every replica.
  ///
  /// @return 32 bytes
  public byte[] derive(String purpose) {
    return derive(sealingKey, purpose);
  }

  /// The same from each key, by the key's id, that of the one that seals first: for what was sealed
  /// before the keys were changed.
  public Map<String, byte[]> deriveAll(String purpose) {
    Map<String, byte[]> derived = new LinkedHashMap<>();
    keys.keySet().forEach(keyId -> derived.put(keyId, derive(keyId, purpose)));
    return derived;
  }

  private byte[] derive(String keyId, String purpose) {
    try {
      var parameters =
          HKDFParameterSpec.ofExtract()
              .addIKM(keys.get(keyId))
              .thenExpand(purpose.getBytes(StandardCharsets.UTF_8), KEY_BYTES);
      return KDF.getInstance("HKDF-SHA256").deriveData(parameters);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("HKDF-SHA256 is not available", e);
    }
  }

  Set<String> keyIds() {
    return keys.keySet();
  }

  /// @param place what the value belongs to; in order and one by one part of the seal
  Sealed seal(Secret secret, String... place) {
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    try {
      Cipher cipher = cipher(Cipher.ENCRYPT_MODE, sealingKey, nonce, place);
      byte[] sealed = cipher.doFinal(secret.reveal().getBytes(StandardCharsets.UTF_8));
      byte[] all = Arrays.copyOf(nonce, NONCE_BYTES + sealed.length);
      System.arraycopy(sealed, 0, all, NONCE_BYTES, sealed.length);
      return new Sealed(sealingKey, all);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-256-GCM is not available", e);
    }
  }

  /// @throws VaultException if its key is not configured, or it was sealed with other bytes of the
  ///   key or for another place
  Secret open(Sealed sealed, String... place) {
    if (!keys.containsKey(sealed.keyId())) {
      throw new UnknownKey(sealed.keyId());
    }
    byte[] all = sealed.ciphertext();
    if (all.length < NONCE_BYTES) {
      throw new WrongKey(sealed.keyId());
    }
    try {
      Cipher cipher =
          cipher(Cipher.DECRYPT_MODE, sealed.keyId(), Arrays.copyOf(all, NONCE_BYTES), place);
      byte[] plain = cipher.doFinal(all, NONCE_BYTES, all.length - NONCE_BYTES);
      return new Secret(new String(plain, StandardCharsets.UTF_8));
    } catch (GeneralSecurityException _) {
      throw new WrongKey(sealed.keyId());
    }
  }

  private Cipher cipher(int mode, String keyId, byte[] nonce, String... place)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, keys.get(keyId), new GCMParameterSpec(TAG_BITS, nonce));
    for (String part : place) {
      byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
      cipher.updateAAD(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
      cipher.updateAAD(bytes);
    }
    return cipher;
  }

  private static Map<String, SecretKeySpec> keys(EncryptionConfig config) {
    Map<String, SecretKeySpec> keys = new LinkedHashMap<>();
    for (Secret entry : config.keys()) {
      String[] parts = entry.reveal().split(":", 2);
      if (parts.length != 2 || !KEY_ID.matcher(parts[0]).matches()) {
        throw new IllegalArgumentException(
            "encryption.keys must hold '<id>:<base64 of 32 bytes>' each");
      }
      if (keys.put(parts[0], key("encryption.keys", decode(parts[1]))) != null) {
        throw new IllegalArgumentException("encryption.keys has two keys of id " + parts[0]);
      }
    }
    config
        .key()
        .map(secret -> key("encryption.key", secret.reveal().getBytes(StandardCharsets.UTF_8)))
        .ifPresent(key -> keys.putIfAbsent(idOf(key), key));
    return keys;
  }

  private static byte[] decode(String base64) {
    try {
      return Base64.getDecoder().decode(base64.strip());
    } catch (IllegalArgumentException _) {
      throw new IllegalArgumentException("encryption.keys holds a key that is not base64");
    }
  }

  private static SecretKeySpec key(String field, byte[] bytes) {
    if (bytes.length != KEY_BYTES) {
      throw new IllegalArgumentException(
          "%s must have %d bytes, not %d".formatted(field, KEY_BYTES, bytes.length));
    }
    return new SecretKeySpec(bytes, "AES");
  }

  /// Short, always the same for a key, and useless for guessing it.
  private static String idOf(SecretKeySpec key) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key.getEncoded(), "HmacSHA256"));
      byte[] hash = mac.doFinal("reflow-gateway key id".getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 4);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("HmacSHA256 is not available", e);
    }
  }
}
