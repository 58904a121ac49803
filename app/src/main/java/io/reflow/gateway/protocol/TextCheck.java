package io.reflow.gateway.protocol;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Refuses bytes that are not clean UTF-8 text for JSON: malformed or overlong sequences,
/// surrogates alone (as bytes or escaped), NUL and other control characters. What passes means the
/// same to every JSON parser behind the gateway.
final class TextCheck {

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGHS = 0x8080808080808080L;

  private final byte[] bytes;
  private final int to;

  private TextCheck(byte[] bytes, int to) {
    this.bytes = bytes;
    this.to = to;
  }

  static void check(byte[] bytes, int from, int to) throws MalformedMessage {
    new TextCheck(bytes, to).run(from);
  }

  private void run(int from) throws MalformedMessage {
    int i = from;
    while (i < to) {
      if (i + 8 <= to && plain((long) LONGS.get(bytes, i))) {
        i += 8;
      } else {
        i = one(i);
      }
    }
  }

  /// Eight bytes of printable ASCII without a backslash: nothing to look at.
  private static boolean plain(long word) {
    long high = word;
    long control = (word - ONES * 0x20) & ~word;
    long slashes = word ^ (ONES * '\\');
    long slash = (slashes - ONES) & ~slashes;
    return ((high | control | slash) & HIGHS) == 0;
  }

  /// Checks the character at `i` and returns where the next one begins.
  private int one(int i) throws MalformedMessage {
    int b = bytes[i] & 0xFF;
    if (b == '\\') {
      return escape(i);
    }
    if (b < 0x20) {
      if (b == '\n' || b == '\r' || b == '\t') {
        return i + 1;
      }
      throw malformed("a control character", i);
    }
    if (b < 0x80) {
      return i + 1;
    }
    return multiByte(i, b);
  }

  private int multiByte(int i, int lead) throws MalformedMessage {
    if (lead >= 0xC2 && lead <= 0xDF) {
      continuation(i, 1, 0x80, 0xBF);
      return i + 2;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
      continuation(i, 1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF);
      continuation(i, 2, 0x80, 0xBF);
      return i + 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
      continuation(i, 1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF);
      continuation(i, 2, 0x80, 0xBF);
      continuation(i, 3, 0x80, 0xBF);
      return i + 4;
    }
    throw malformed("invalid UTF-8", i);
  }

  private void continuation(int i, int offset, int low, int high) throws MalformedMessage {
    int b = i + offset < to ? bytes[i + offset] & 0xFF : -1;
    if (b < low || b > high) {
      throw malformed("invalid UTF-8", i);
    }
  }

  private int escape(int i) throws MalformedMessage {
    if (i + 1 >= to || bytes[i + 1] != 'u') {
      return Math.min(i + 2, to);
    }
    int unit = hex(i + 2);
    if (unit < 0 || !Character.isSurrogate((char) unit)) {
      return i + 2;
    }
    boolean paired =
        Character.isHighSurrogate((char) unit)
            && i + 7 < to
            && bytes[i + 6] == '\\'
            && bytes[i + 7] == 'u'
            && hex(i + 8) >= 0
            && Character.isLowSurrogate((char) hex(i + 8));
    if (!paired) {
      throw malformed("a surrogate without its other half", i);
    }
    return i + 12;
  }

  /// The value of four hex digits, or -1.
  private int hex(int i) {
    if (i + 4 > to) {
      return -1;
    }
    int value = 0;
    for (int k = i; k < i + 4; k++) {
      int digit = Character.digit(bytes[k], 16);
      if (digit < 0) {
        return -1;
      }
      value = value << 4 | digit;
    }
    return value;
  }

  private static MalformedMessage malformed(String what, int at) {
    return new MalformedMessage(ErrorCode.PARSE_ERROR, what + " at byte " + at);
  }
}
