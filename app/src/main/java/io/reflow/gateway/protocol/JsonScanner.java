package io.reflow.gateway.protocol;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Walks over JSON text without keeping anything of it, and takes nothing that [RFC
/// 8259](https://www.rfc-editor.org/rfc/rfc8259) does not allow, and no text that is not clean:
/// broken UTF-8, surrogates alone (as bytes or escaped), control characters. What passes means the
/// same to every JSON parser behind the gateway. Most of what goes through it is only looked at in
/// this way.
final class JsonScanner {

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGHS = 0x8080808080808080L;

  private static final byte[] TRUE = {'t', 'r', 'u', 'e'};
  private static final byte[] FALSE = {'f', 'a', 'l', 's', 'e'};
  private static final byte[] NULL = {'n', 'u', 'l', 'l'};

  /// What is longer costs a parser behind the gateway more than it can be worth.
  private static final int LONGEST_NUMBER = 1_000;

  private static final int LONGEST_NAME = 50_000;
  private static final int END = -1;

  private final byte[] bytes;
  private final int to;
  private int at;

  /// Stands at the beginning of the bytes `from` to `to`.
  JsonScanner(byte[] bytes, int from, int to) {
    this.bytes = bytes;
    this.at = from;
    this.to = to;
  }

  int at() {
    return at;
  }

  /// Goes on to what is no white space and says what it is; -1 at the end.
  int peek() {
    while (at < to) {
      byte b = bytes[at];
      if (b > ' ' || (b != ' ' && b != '\n' && b != '\r' && b != '\t')) {
        return b & 0xFF;
      }
      at++;
    }
    return END;
  }

  /// Goes behind `wanted`, the next thing that is no white space.
  void expect(char wanted) throws MalformedMessage {
    if (peek() != wanted) {
      throw broken();
    }
    at++;
  }

  /// Goes behind `wanted` if it comes next.
  boolean take(char wanted) {
    if (peek() != wanted) {
      return false;
    }
    at++;
    return true;
  }

  /// Goes behind the name of a member and the colon.
  String name() throws MalformedMessage {
    if (peek() != '"') {
      throw broken();
    }
    int start = at;
    boolean escaped = string();
    if (at - start - 2 > LONGEST_NAME) {
      throw tooMuch();
    }
    String name = text(start, at, escaped);
    expect(':');
    return name;
  }

  /// Goes behind a string, on whose opening quote it stands.
  String text() throws MalformedMessage {
    int start = at;
    boolean escaped = string();
    return text(start, at, escaped);
  }

  /// Goes behind a value.
  ///
  /// @param depth of objects and arrays around it
  void skip(int depth) throws MalformedMessage {
    switch (peek()) {
      case '{' -> skipObject(depth + 1);
      case '[' -> skipArray(depth + 1);
      case '"' -> {
        boolean _ = string();
      }
      case 't' -> literal(TRUE);
      case 'f' -> literal(FALSE);
      case 'n' -> literal(NULL);
      default -> number();
    }
  }

  private void skipObject(int depth) throws MalformedMessage {
    checkDepth(depth);
    at++;
    if (take('}')) {
      return;
    }
    do {
      if (peek() != '"') {
        throw broken();
      }
      int start = at;
      boolean _ = string();
      if (at - start - 2 > LONGEST_NAME) {
        throw tooMuch();
      }
      expect(':');
      skip(depth);
    } while (take(','));
    expect('}');
  }

  private void skipArray(int depth) throws MalformedMessage {
    checkDepth(depth);
    at++;
    if (take(']')) {
      return;
    }
    do {
      skip(depth);
    } while (take(','));
    expect(']');
  }

  void checkDepth(int depth) throws MalformedMessage {
    if (depth > JsonText.MAX_NESTING) {
      throw tooMuch();
    }
  }

  private void literal(byte[] wanted) throws MalformedMessage {
    for (byte b : wanted) {
      if (at >= to || bytes[at] != b) {
        throw broken();
      }
      at++;
    }
  }

  private void number() throws MalformedMessage {
    int start = at;
    if (at < to && bytes[at] == '-') {
      at++;
    }
    if (at < to && bytes[at] == '0') {
      at++;
    } else {
      digits();
    }
    if (at < to && bytes[at] == '.') {
      at++;
      digits();
    }
    if (at < to && (bytes[at] | 0x20) == 'e') {
      at++;
      if (at < to && (bytes[at] == '+' || bytes[at] == '-')) {
        at++;
      }
      digits();
    }
    if (at - start > LONGEST_NUMBER) {
      throw tooMuch();
    }
  }

  private void digits() throws MalformedMessage {
    int start = at;
    while (at < to && bytes[at] >= '0' && bytes[at] <= '9') {
      at++;
    }
    if (at == start) {
      throw broken();
    }
  }

  /// Goes behind a string; true when there are escapes in it.
  private boolean string() throws MalformedMessage {
    boolean escaped = false;
    at++;
    for (skipPlain(); at < to; skipPlain()) {
      byte b = bytes[at];
      if (b == '"') {
        at++;
        return escaped;
      }
      if (b == '\\') {
        escaped = true;
        escape();
      } else if (b < 0) {
        at = Utf8.next(bytes, at, to);
      } else if (b < ' ') {
        throw new MalformedMessage(ErrorCode.PARSE_ERROR, "a control character at byte " + at);
      } else {
        at++;
      }
    }
    throw broken();
  }

  /// Goes over what is nothing but text, as long as there are eight more bytes.
  private void skipPlain() {
    int i = at;
    while (i + 8 <= to) {
      long found = marked((long) LONGS.get(bytes, i));
      if (found != 0) {
        i += Long.numberOfTrailingZeros(found) / 8;
        break;
      }
      i += 8;
    }
    at = i;
  }

  /// The first of eight bytes that is a quote, a backslash, a control character or no ASCII has its
  /// highest bit set, and nothing before it; what comes behind it means nothing.
  private static long marked(long word) {
    long quotes = word ^ (ONES * '"');
    long slashes = word ^ (ONES * '\\');
    long found =
        ((quotes - ONES) & ~quotes) | ((slashes - ONES) & ~slashes) | (word - ONES * ' ') | word;
    return found & HIGHS;
  }

  /// Goes behind an escape; half a character is none.
  private void escape() throws MalformedMessage {
    int start = at;
    at++;
    switch (at < to ? bytes[at] : END) {
      case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> at++;
      case 'u' -> {
        char unit = unit();
        if (Character.isSurrogate(unit) && !(Character.isHighSurrogate(unit) && lowFollows())) {
          throw new MalformedMessage(
              ErrorCode.PARSE_ERROR, "a surrogate without its other half at byte " + start);
        }
      }
      default -> throw broken();
    }
  }

  /// The four digits behind a `u`.
  private char unit() throws MalformedMessage {
    at++;
    int value = 0;
    for (int i = 0; i < 4; i++, at++) {
      int digit = at < to ? Character.digit(bytes[at], 16) : -1;
      if (digit < 0) {
        throw broken();
      }
      value = value << 4 | digit;
    }
    return (char) value;
  }

  private boolean lowFollows() throws MalformedMessage {
    if (at + 1 >= to || bytes[at] != '\\' || bytes[at + 1] != 'u') {
      return false;
    }
    at++;
    return Character.isLowSurrogate(unit());
  }

  private String text(int from, int end, boolean escaped) {
    if (!escaped) {
      return new String(bytes, from + 1, end - from - 2, StandardCharsets.UTF_8);
    }
    return unescaped(new String(bytes, from + 1, end - from - 2, StandardCharsets.UTF_8));
  }

  private static String unescaped(String text) {
    var plain = new StringBuilder(text.length());
    int i = 0;
    while (i < text.length()) {
      char c = text.charAt(i);
      if (c != '\\') {
        plain.append(c);
        i++;
      } else if (text.charAt(i + 1) == 'u') {
        plain.append((char) Integer.parseInt(text, i + 2, i + 6, 16));
        i += 6;
      } else {
        plain.append(meaning(text.charAt(i + 1)));
        i += 2;
      }
    }
    return plain.toString();
  }

  private static char meaning(char escaped) {
    return switch (escaped) {
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      default -> escaped;
    };
  }

  /// The text stops being JSON here.
  MalformedMessage broken() {
    return new MalformedMessage(ErrorCode.PARSE_ERROR, "not JSON at byte " + at);
  }

  private static MalformedMessage tooMuch() {
    return new MalformedMessage(
        ErrorCode.INVALID_REQUEST,
        "nested deeper than %d or a number or name too long".formatted(JsonText.MAX_NESTING));
  }
}
