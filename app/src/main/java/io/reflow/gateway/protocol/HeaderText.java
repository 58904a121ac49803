package io.reflow.gateway.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Base64;
import java.util.Optional;

/// Text as the value of an HTTP header, as `Mcp-Name` and `Mcp-Param-*` carry it. What a header
/// can't hold as it is stands there as `=?base64?…?=`.
public final class HeaderText {

  private static final String BEGIN = "=?base64?";
  private static final String END = "?=";

  private HeaderText() {}

  /// The header value for `text`: itself where that arrives unchanged and means nothing else.
  public static String encode(String text) {
    return travels(text) && !isEncoded(text)
        ? text
        : BEGIN + Base64.getEncoder().encodeToString(text.getBytes(UTF_8)) + END;
  }

  /// Printable ASCII with no blank at either end. Nothing at all does not survive every proxy.
  private static boolean travels(String text) {
    return !text.isEmpty()
        && text.charAt(0) != ' '
        && text.charAt(text.length() - 1) != ' '
        && text.chars().allMatch(c -> c >= 0x20 && c < 0x7F);
  }

  private static boolean isEncoded(String value) {
    return value.length() >= BEGIN.length() + END.length()
        && value.startsWith(BEGIN)
        && value.endsWith(END);
  }

  /// The text that a header value stands for; empty when it claims to be encoded and is not exactly
  /// as [#encode] would have written it.
  public static Optional<String> decode(String value) {
    if (!isEncoded(value)) {
      return Optional.of(value);
    }
    String encoded = value.substring(BEGIN.length(), value.length() - END.length());
    try {
      byte[] bytes = Base64.getDecoder().decode(encoded);
      // The decoder lets padding be left out, and ignores bits behind the last byte.
      return Base64.getEncoder().encodeToString(bytes).equals(encoded)
          ? Optional.of(UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString())
          : Optional.empty();
    } catch (IllegalArgumentException | CharacterCodingException _) {
      return Optional.empty();
    }
  }
}
