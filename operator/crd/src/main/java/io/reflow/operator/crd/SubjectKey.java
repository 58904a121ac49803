package io.reflow.operator.crd;

import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;

/// Subject keys: who shares an instance, as one text that can't be read in two ways.
///
/// Each part is preceded by its length, as in `user:2:42` or `groups:3:dev:3:ops`, so that the
/// group `a,b` is not the groups `a` and `b`. What is too long for the schema becomes a digest,
/// marked so that no other key can look like it.
public final class SubjectKey {

  private static final int LONGEST = 4096;
  private static final Pattern KIND = Pattern.compile("[a-z][a-z-]{0,31}");

  private SubjectKey() {}

  /// The key of a subject of this kind, such as `user`; the order of the parts counts.
  public static String of(String kind, List<String> parts) {
    if (!KIND.matcher(kind).matches()) {
      throw new IllegalArgumentException("'" + kind + "' is no kind: write small letters");
    }
    var key = new StringBuilder(kind);
    for (String part : parts) {
      key.append(':').append(part.length()).append(':').append(part);
    }
    return key.length() <= LONGEST ? key.toString() : kind + "#" + digest(key.toString());
  }

  private static String digest(String key) {
    return HexFormat.of().formatHex(Digests.sha256().digest(Digests.bytes(key)));
  }
}
