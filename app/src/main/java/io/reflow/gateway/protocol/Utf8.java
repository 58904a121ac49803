package io.reflow.gateway.protocol;

/// Tells clean UTF-8 from malformed or overlong sequences and surrogates alone.
final class Utf8 {

  private Utf8() {}

  /// Checks the character beyond ASCII that begins at `i` and tells where the next one begins.
  static int next(byte[] bytes, int i, int to) throws MalformedMessage {
    int lead = bytes[i] & 0xFF;
    int length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (lead < 0xC2 || lead > 0xF4 || i + length > to || !second(lead, bytes[i + 1] & 0xFF)) {
      throw malformed(i);
    }
    for (int k = i + 2; k < i + length; k++) {
      if ((bytes[k] & 0xC0) != 0x80) {
        throw malformed(i);
      }
    }
    return i + length;
  }

  /// Which bytes may follow the first one: neither what would be shorter, nor a surrogate, nor what
  /// is beyond Unicode.
  private static boolean second(int lead, int b) {
    int low =
        switch (lead) {
          case 0xE0 -> 0xA0;
          case 0xF0 -> 0x90;
          default -> 0x80;
        };
    int high =
        switch (lead) {
          case 0xED -> 0x9F;
          case 0xF4 -> 0x8F;
          default -> 0xBF;
        };
    return b >= low && b <= high;
  }

  private static MalformedMessage malformed(int at) {
    return new MalformedMessage(ErrorCode.PARSE_ERROR, "invalid UTF-8 at byte " + at);
  }
}
