package io.reflow.gateway.http;

/// JSON whose texts may come from anybody: what steers a terminal or turns the direction of writing
/// is escaped in it, whatever reads it.
public final class SafeJson {

  private SafeJson() {}

  /// The same JSON; outside of strings there is none of these.
  public static String escaped(String json) {
    int first = firstUnsafe(json);
    if (first < 0) {
      return json;
    }
    StringBuilder safe = new StringBuilder(json.length() + 64).append(json, 0, first);
    for (int i = first; i < json.length(); i++) {
      char c = json.charAt(i);
      if (unsafe(c)) {
        safe.append("\\u%04x".formatted((int) c));
      } else {
        safe.append(c);
      }
    }
    return safe.toString();
  }

  private static int firstUnsafe(String json) {
    for (int i = 0; i < json.length(); i++) {
      if (unsafe(json.charAt(i))) {
        return i;
      }
    }
    return -1;
  }

  private static boolean unsafe(char c) {
    if (c < 0x7f) {
      return false;
    }
    return c <= 0x9f
        || switch (Character.getType(c)) {
          case Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true;
          default -> false;
        };
  }
}
