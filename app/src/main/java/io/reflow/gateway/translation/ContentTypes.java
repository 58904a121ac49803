package io.reflow.gateway.translation;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The types of content blocks that a revision knows, and a quick look whether a payload may hold
/// others: one run over the bytes, nothing is parsed or copied.
final class ContentTypes {

  static final String TEXT = "text";
  static final String AUDIO = "audio";
  static final String RESOURCE = "resource";
  static final String RESOURCE_LINK = "resource_link";

  private static final byte[] KEY = "\"type\"".getBytes(US_ASCII);

  private final List<byte[]> known;

  private ContentTypes(List<String> known) {
    this.known = known.stream().map(type -> ("\"" + type + "\"").getBytes(US_ASCII)).toList();
  }

  /// In results of tools and in prompts.
  static ContentTypes of(ProtocolVersion version) {
    List<String> known = new ArrayList<>(List.of(TEXT, "image", RESOURCE));
    if (version.compareTo(ProtocolVersion.V2025_03_26) >= 0) {
      known.add(AUDIO);
    }
    if (version.compareTo(ProtocolVersion.V2025_06_18) >= 0) {
      known.add(RESOURCE_LINK);
    }
    return new ContentTypes(known);
  }

  /// In conversations with a model.
  static ContentTypes ofSampling(ProtocolVersion version) {
    return new ContentTypes(
        version.compareTo(ProtocolVersion.V2025_03_26) >= 0
            ? List.of(TEXT, "image", AUDIO)
            : List.of(TEXT, "image"));
  }

  /// False only where every `type` in the payload, wherever it stands, is a known one.
  boolean mayHoldOthers(RawJson payload) {
    byte[] bytes = payload.array();
    int last = payload.to() - KEY.length;
    for (int i = payload.from(); i <= last; i++) {
      if (bytes[i] == '"' && bytes[i + 1] == 't' && isKey(bytes, i)) {
        int value = value(bytes, i + KEY.length, payload.to());
        if (value > 0 && !isKnown(bytes, value, payload.to())) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean isKey(byte[] bytes, int at) {
    return Arrays.equals(bytes, at, at + KEY.length, KEY, 0, KEY.length);
  }

  /// Where the value behind a member's name begins; 0 where it was no name.
  private static int value(byte[] bytes, int from, int to) {
    boolean colon = false;
    for (int i = from; i < to; i++) {
      switch (bytes[i]) {
        case ' ', '\t', '\r', '\n' -> {}
        case ':' -> colon = true;
        default -> {
          return colon ? i : 0;
        }
      }
    }
    return 0;
  }

  private boolean isKnown(byte[] bytes, int at, int to) {
    for (byte[] type : known) {
      if (to - at >= type.length
          && Arrays.equals(bytes, at, at + type.length, type, 0, type.length)) {
        return true;
      }
    }
    return false;
  }

  boolean knows(String type) {
    byte[] quoted = ("\"" + type + "\"").getBytes(US_ASCII);
    return isKnown(quoted, 0, quoted.length);
  }
}
