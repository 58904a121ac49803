package io.reflow.gateway.protocol;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Walks over JSON text without keeping anything of it, and takes nothing that [RFC
/// 8259](https://www.rfc-editor.org/rfc/rfc8259) does not allow. Most of what passes through the
/// gateway is only looked at in this way. The bytes have to be clean UTF-8, as [TextCheck] sees to.
final class JsonScanner {

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
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
    while (at < to) {
      if (at + 8 <= to && plain((long) LONGS.get(bytes, at))) {
        at += 8;
        continue;
      }
      byte b = bytes[at];
      if (b == '"') {
        at++;
        return escaped;
      }
      if (b >= 0 && b < ' ') {
        throw broken();
      }
      at++;
      if (b == '\\') {
        escaped = true;
        escape();
      }
    }
    throw broken();
  }

  /// Eight bytes without a quote, a backslash or a control character.
  private static boolean plain(long word) {
    long quotes = word ^ (ONES * '"');
    long slashes = word ^ (ONES * '\\');
    long found =
        ((quotes - ONES) & ~quotes) | ((slashes - ONES) & ~slashes) | ((word - ONES * ' ') & ~word);
    return (found & HIGHS) == 0;
  }

  private void escape() throws MalformedMessage {
    int kind = at < to ? bytes[at] : END;
    switch (kind) {
      case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> at++;
      case 'u' -> {
        at++;
        for (int i = 0; i < 4; i++, at++) {
          if (at >= to || Character.digit(bytes[at], 16) < 0) {
            throw broken();
          }
        }
      }
      default -> throw broken();
    }
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
