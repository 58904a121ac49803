package io.reflow.gateway.audit;

import io.reflow.gateway.config.Secret;
import io.reflow.gateway.protocol.RawJson;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// Stands for the arguments of a call in the audit log: equal arguments have equal digests, and
/// without the key nobody can try out which arguments a digest belongs to.
public final class ArgumentDigest {

  private static final String ALGORITHM = "HmacSHA256";

  private final Mac keyed;

  /// Those that nobody uses now: making one costs more than a digest. As many as were ever used at
  /// once.
  private final Queue<Mac> idle = new ConcurrentLinkedQueue<>();

  public ArgumentDigest(Secret key) {
    try {
      keyed = Mac.getInstance(ALGORITHM);
      keyed.init(new SecretKeySpec(key.reveal().getBytes(StandardCharsets.UTF_8), ALGORITHM));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has no " + ALGORITHM, e);
    }
  }

  /// The digest in base64url, 43 characters.
  public String of(RawJson arguments) {
    Mac mac = idle.poll();
    if (mac == null) {
      mac = copy();
    }
    mac.update(arguments.array(), arguments.from(), arguments.length());
    byte[] digest = mac.doFinal();
    boolean _ = idle.offer(mac);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
  }

  private Mac copy() {
    try {
      return (Mac) keyed.clone();
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("this Java can't copy a " + ALGORITHM, e);
    }
  }
}
