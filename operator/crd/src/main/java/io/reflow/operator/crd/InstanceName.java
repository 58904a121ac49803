package io.reflow.operator.crd;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/// Names of instances: derived from the target and the subject key, so that one subject has one
/// instance of a target and two subjects never have the same.
///
/// The whole SHA-256 of both, each preceded by its length, is in the name. Nothing is cut off, so
/// equal names would take equal digests. The name fits a label and the name of a Service.
public final class InstanceName {

  private static final String PREFIX = "mcp-";
  private static final String DIGITS = "abcdefghijklmnopqrstuvwxyz234567";
  private static final int BITS = 5;

  private InstanceName() {}

  /// The one name of the instance of `targetId` for `subjectKey`.
  public static String of(String targetId, String subjectKey) {
    MessageDigest digest = Digests.sha256();
    add(digest, targetId);
    add(digest, subjectKey);
    return PREFIX + base32(digest.digest());
  }

  /// The name of the instance's Secret with these contents. A name of an instance has no dot, so no
  /// Secret belongs to two. Contents don't change under a name: other contents are another
  /// revision.
  public static String secret(String instance, String revision) {
    return instance + "." + revision;
  }

  private static void add(MessageDigest digest, String part) {
    byte[] bytes = Digests.bytes(part);
    digest.update((bytes.length + ":").getBytes(StandardCharsets.US_ASCII));
    digest.update(bytes);
  }

  private static String base32(byte[] bytes) {
    var text = new StringBuilder();
    int buffer = 0;
    int left = 0;
    for (byte next : bytes) {
      buffer = (buffer << Byte.SIZE | (next & 0xff)) & 0xffff;
      left += Byte.SIZE;
      while (left >= BITS) {
        left -= BITS;
        text.append(DIGITS.charAt(buffer >> left & 0x1f));
      }
    }
    if (left > 0) {
      text.append(DIGITS.charAt(buffer << (BITS - left) & 0x1f));
    }
    return text.toString();
  }
}
