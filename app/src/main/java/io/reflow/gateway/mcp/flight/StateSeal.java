package io.reflow.gateway.mcp.flight;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.reflow.gateway.fault.GatewayException.InvalidParams;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/// Turns a [RequestState] into the `requestState` of a client and back: `rs1.<key id>.<sealed>`. A
/// client can neither read nor make one.
public final class StateSeal {

  private static final String PREFIX = "rs1.";
  private static final int NONCE = 12;
  private static final int TAG_BITS = 128;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Map<String, SecretKeySpec> keys = new LinkedHashMap<>();
  private final InstantSource clock;

  /// @param keys 32 bytes by their ids, for nothing else; the first one seals, each opens
  public StateSeal(Map<String, byte[]> keys, InstantSource clock) {
    keys.forEach((id, key) -> this.keys.put(id, new SecretKeySpec(key, "AES")));
    this.clock = clock;
  }

  public String seal(RequestState state) {
    String keyId = keys.keySet().iterator().next();
    byte[] nonce = new byte[NONCE];
    RANDOM.nextBytes(nonce);
    byte[] sealed =
        crypt(Cipher.ENCRYPT_MODE, keyId, nonce, state.json().toBytes())
            .orElseThrow(() -> new IllegalStateException("AES-256-GCM is not available"));
    byte[] whole = Arrays.copyOf(nonce, NONCE + sealed.length);
    System.arraycopy(sealed, 0, whole, NONCE, sealed.length);
    return PREFIX + keyId + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(whole);
  }

  /// Opens what [#seal] made, while it counts.
  ///
  /// @throws InvalidParams for every other text
  public RequestState open(String text) {
    RequestState state =
        unsealed(text).orElseThrow(() -> new InvalidParams("Invalid requestState"));
    if (clock.instant().isAfter(state.expires())) {
      throw new InvalidParams("the requestState has expired; start again without it");
    }
    return state;
  }

  private Optional<RequestState> unsealed(String text) {
    int dot = text.lastIndexOf('.');
    if (!text.startsWith(PREFIX) || dot < PREFIX.length()) {
      return Optional.empty();
    }
    String keyId = text.substring(PREFIX.length(), dot);
    return decoded(text.substring(dot + 1))
        .filter(whole -> keys.containsKey(keyId) && whole.length > NONCE)
        .flatMap(whole ->
            crypt(
                Cipher.DECRYPT_MODE,
                keyId,
                Arrays.copyOf(whole, NONCE),
                Arrays.copyOfRange(whole, NONCE, whole.length)))
        .map(StateSeal::read);
  }

  /// In the one way in which it is written.
  private static Optional<byte[]> decoded(String text) {
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(text);
      String again = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
      return Optional.of(bytes).filter(_ -> again.equals(text));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  private static RequestState read(byte[] json) {
    try {
      return RequestState.read(MessageReader.readObject(new RawJson(json, 0, json.length)));
    } catch (MalformedMessage e) {
      throw new IllegalStateException("the gateway has sealed what is no state", e);
    }
  }

  private Optional<byte[]> crypt(int mode, String keyId, byte[] nonce, byte[] text) {
    try {
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      cipher.init(mode, keys.get(keyId), new GCMParameterSpec(TAG_BITS, nonce));
      cipher.updateAAD(("rs1|" + keyId).getBytes(US_ASCII));
      return Optional.of(cipher.doFinal(text));
    } catch (GeneralSecurityException _) {
      return Optional.empty();
    }
  }
}
