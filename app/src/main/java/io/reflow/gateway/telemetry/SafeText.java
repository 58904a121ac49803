package io.reflow.gateway.telemetry;

/// Texts that others chose, as they may stand in names and attributes: bounded, and with nothing in
/// them that steers a terminal or turns the direction of writing.
final class SafeText {

  private SafeText() {}

  /// @param longest in characters, before what is unsafe is written out
  static String of(String text, int longest) {
    String cut = cut(text, longest);
    for (int i = 0; i < cut.length(); i++) {
      if (unsafe(cut.charAt(i))) {
        return escaped(cut, i);
      }
    }
    return cut;
  }

  /// Never between the two halves of a character.
  private static String cut(String text, int longest) {
    if (text.length() <= longest) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(longest - 1)) ? longest - 1 : longest;
    return text.substring(0, end) + "…";
  }

  private static String escaped(String text, int from) {
    StringBuilder safe = new StringBuilder(text.length() + 32).append(text, 0, from);
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (unsafe(c)) {
        safe.append("\\u%04x".formatted((int) c));
      } else {
        safe.append(c);
      }
    }
    return safe.toString();
  }

  private static boolean unsafe(char c) {
    if (c >= ' ' && c < 0x7f) {
      return false;
    }
    return c <= 0x9f
        || switch (Character.getType(c)) {
          case Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true;
          default -> false;
        };
  }
}
