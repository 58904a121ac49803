package io.reflow.gateway.upstream.kubernetes;

import io.reflow.gateway.config.Secret;
import io.reflow.operator.crd.InstanceName;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// Names the contents of Secrets: the same on all replicas, another one for other contents, and of
/// no use to whoever wants to try out values against a name.
final class Revisions {

  private static final String HMAC = "HmacSHA256";
  private static final int LENGTH = 40;

  private final List<SecretKeySpec> keys;

  /// @param keys of all replicas, that of this one first
  Revisions(List<byte[]> keys) {
    this.keys = keys.stream().map(key -> new SecretKeySpec(key, HMAC)).toList();
  }

  /// The name of the Secret with these values; that which is in use, where it has been named by an
  /// older key. Empty without values.
  Optional<String> secret(String instance, Map<String, Secret> values, Optional<String> inUse) {
    if (values.isEmpty()) {
      return Optional.empty();
    }
    List<String> names =
        keys.stream().map(key -> InstanceName.secret(instance, of(key, instance, values))).toList();
    return inUse.filter(names::contains).or(() -> Optional.of(names.getFirst()));
  }

  private static String of(SecretKeySpec key, String instance, Map<String, Secret> values) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(key);
      update(mac, instance);
      new TreeMap<>(values)
          .forEach((name, value) -> {
            update(mac, name);
            update(mac, value.reveal());
          });
      return HexFormat.of().formatHex(mac.doFinal()).substring(0, LENGTH);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HmacSHA256", e);
    }
  }

  private static void update(Mac mac, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    mac.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
    mac.update(bytes);
  }
}
