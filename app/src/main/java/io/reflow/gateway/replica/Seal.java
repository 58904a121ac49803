package io.reflow.gateway.replica;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// Proves that a request comes from another replica, as it is, for this replica, now and once: an
/// HMAC over all of it. Who has no key gets nothing read or answered.
public final class Seal {

  /// The header that carries it.
  public static final String HEADER = "Reflow-Forwarded";

  /// How far the clocks of replicas may differ.
  private static final Duration LATEST = Duration.ofSeconds(60);

  private static final int MOST_NONCES = 500_000;
  private static final Pattern FORM =
      Pattern.compile(
          "1 (\\d{1,18}) (\\d{1,18}) ([A-Za-z0-9_-]{22}) ([A-Za-z0-9_-]{43}) ([A-Za-z0-9_-]{43})");

  private final SecureRandom random = new SecureRandom();
  private final List<SecretKeySpec> keys;
  private final InstantSource clock;
  private final Map<String, Long> seen = new ConcurrentHashMap<>();
  private volatile Instant tidied = Instant.EPOCH;

  /// @param keys the same on every replica; the first one seals, each opens
  public Seal(Collection<byte[]> keys, InstantSource clock) {
    this.keys = keys.stream().map(key -> new SecretKeySpec(key, "HmacSHA256")).toList();
    this.clock = clock;
  }

  /// What of a request is sealed besides its body.
  ///
  /// @param path with its query, as it is sent
  /// @param headers those that are passed on, by names in lower case
  public record Head(String method, String path, Map<String, String> headers) {
    public Head {
      headers = Map.copyOf(headers);
    }
  }

  /// A request that is sealed well.
  ///
  /// @param epoch the replica it is meant for
  /// @param bodyDigest what the body must hash to
  public record Opened(long epoch, String bodyDigest) {

    public boolean fits(byte[] body) {
      return MessageDigest.isEqual(
          bodyDigest.getBytes(StandardCharsets.US_ASCII),
          digest(body).getBytes(StandardCharsets.US_ASCII));
    }
  }

  String seal(long epoch, Head head, byte[] body) {
    byte[] nonce = new byte[16];
    random.nextBytes(nonce);
    String start = "1 %d %d %s %s".formatted(epoch, clock.millis(), encoded(nonce), digest(body));
    return start + " " + mac(keys.getFirst(), start, head);
  }

  /// Empty when it is no seal, or not of this request, or too old, or was seen before.
  public Optional<Opened> open(String seal, Head head) {
    Matcher parts = FORM.matcher(seal);
    if (!parts.matches()) {
      return Optional.empty();
    }
    String start = seal.substring(0, parts.start(5) - 1);
    byte[] claimed = parts.group(5).getBytes(StandardCharsets.US_ASCII);
    boolean genuine =
        keys.stream()
            .map(key -> mac(key, start, head).getBytes(StandardCharsets.US_ASCII))
            .anyMatch(made -> MessageDigest.isEqual(claimed, made));
    long sentAt = Long.parseLong(parts.group(2));
    if (!genuine || Math.abs(clock.millis() - sentAt) > LATEST.toMillis()) {
      return Optional.empty();
    }
    return once(parts.group(3), sentAt)
        ? Optional.of(new Opened(Long.parseLong(parts.group(1)), parts.group(4)))
        : Optional.empty();
  }

  private boolean once(String nonce, long sentAt) {
    Instant now = clock.instant();
    if (tidied.plus(LATEST).isBefore(now) || seen.size() >= MOST_NONCES) {
      tidied = now;
      seen.values().removeIf(at -> at < now.toEpochMilli() - LATEST.toMillis());
    }
    return seen.size() < MOST_NONCES && seen.putIfAbsent(nonce, sentAt) == null;
  }

  private static String mac(SecretKeySpec key, String start, Head head) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      add(mac, start);
      add(mac, head.method());
      add(mac, head.path());
      new TreeMap<>(head.headers())
          .forEach((name, value) -> {
            add(mac, name);
            add(mac, value);
          });
      return encoded(mac.doFinal());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HmacSHA256", e);
    }
  }

  /// Each part ends with what no part can hold.
  private static void add(Mac mac, String part) {
    mac.update(part.getBytes(StandardCharsets.UTF_8));
    mac.update((byte) 0);
  }

  private static String digest(byte[] body) {
    try {
      return encoded(MessageDigest.getInstance("SHA-256").digest(body));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static String encoded(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
