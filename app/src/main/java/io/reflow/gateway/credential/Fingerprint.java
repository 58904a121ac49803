package io.reflow.gateway.credential;

import io.reflow.gateway.config.Secret;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Transport;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// Digests all that makes an instance what it is, beside who shares it: how its target is run or
/// reached, and the values that are injected. Equal digests mean equal instances.
///
/// The key lives as long as the process, so that nobody can try out values against a digest.
final class Fingerprint {

  private final SecretKeySpec key;

  Fingerprint() {
    byte[] bytes = new byte[32];
    new SecureRandom().nextBytes(bytes);
    this.key = new SecretKeySpec(bytes, "HmacSHA256");
  }

  String of(Target target, SortedMap<String, Secret> values) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      recipe(target).forEach(word -> update(mac, word));
      values.forEach((name, value) -> {
        update(mac, name);
        update(mac, value.reveal());
      });
      return HexFormat.of().formatHex(mac.doFinal());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("HmacSHA256 is not available", e);
    }
  }

  /// What only clients see of a target is not in it: a new title ends no process.
  private static List<String> recipe(Target target) {
    List<String> words = new ArrayList<>();
    words.add(target.name());
    words.add(target.isolation().wireName());
    words.add(target.auth().toString());
    words.add(target.settings().undescribed().toString());
    words.add(target.transport().wireName());
    switch (target.transport()) {
      case Transport.Stdio(var command, var arguments, var tty) -> {
        words.add(tty ? "tty" : "pipes");
        words.add(command);
        words.addAll(arguments);
      }
      case Transport.StreamableHttp(var url) -> words.add(url.toString());
      case Transport.Sse(var url) -> words.add(url.toString());
      case Transport.Kubernetes(var pod) -> {
        // The texts, whose ends the whole does not show.
        words.add(Integer.toString(pod.command().size()));
        words.addAll(pod.command());
        words.addAll(pod.arguments());
        words.add(pod.toString());
      }
    }
    // Arguments must not pass for names of values.
    words.addFirst(Integer.toString(words.size()));
    return words;
  }

  private static void update(Mac mac, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    mac.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
    mac.update(bytes);
  }
}
