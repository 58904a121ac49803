package io.reflow.gateway.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonScannerTest {

  private static final String[] PIECES = {
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\"a\"",
    "\"\\u00e9\"",
    "\"\\\"\"",
    "\"é😀\"",
    "\\",
    "\\u12",
    "0",
    "1",
    "-",
    "-0",
    "12.5",
    "1e9",
    "E",
    "+",
    ".",
    "true",
    "false",
    "null",
    "nul",
    " ",
    "\n",
    "\t",
    "\r",
    "x",
    "'",
    "/",
    "\"aaaaaaaaaaaaaaaaaaaaaaaa\"",
    "\"\\b\\f\\n\\r\\t\\/\\\\\"",
    "01"
  };

  private final Random random = new Random(20250611);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "[ ]",
        "{ }",
        "\"\"",
        "0",
        "-0.0e+0",
        "[1,-2,3.5,1E-7]",
        "true",
        "false",
        "null",
        "{\"a\":{\"b\":[[],{}]},\"\":\"\\u0000\"}",
        "\"\\/\\b\\f\\n\\r\\t\\\\\\\"\\uAbCd\"",
        "\"12345678\"",
        "\"1234567\"",
        "\"12345678901234567\"",
        " \t\r\n[ 1 , 2 ]"
      })
  void takesJson(String text) throws MalformedMessage {
    assertThat(end(text)).isEqualTo(text.length());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "[",
        "\"",
        "{]",
        "[}",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "{\"a\" 1}",
        "{,}",
        "-",
        "+1",
        ".5",
        "1.",
        "1e",
        "1e+",
        "tru",
        "nulL",
        "True",
        "NaN",
        "Infinity",
        "'a'",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\u12",
        "\"\\",
        "\"a\nb\"",
        "\"a\tb\"",
        "\"1234567\n\"",
        "\"12345678\u0001\"",
        "//x",
        "/**/1",
        "undefined"
      })
  void refusesWhatIsNone(String text) {
    assertThatThrownBy(() -> end(text))
        .isInstanceOfSatisfying(
            MalformedMessage.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.PARSE_ERROR));
  }

  @Test
  void boundsDepthNumbersAndNames() throws MalformedMessage {
    assertThat(end("[".repeat(200) + "]".repeat(200))).isEqualTo(400);
    assertThat(end("1".repeat(1_000))).isEqualTo(1_000);
    List<String> tooMuch =
        List.of(
            "[".repeat(201) + "]".repeat(201),
            "{\"a\":".repeat(201) + "1" + "}".repeat(201),
            "1".repeat(1_001),
            "{\"" + "n".repeat(50_001) + "\":1}");
    for (String text : tooMuch) {
      assertThatThrownBy(() -> end(text))
          .isInstanceOfSatisfying(
              MalformedMessage.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST));
    }
  }

  @Test
  void readsStringsAsAParserDoes() throws MalformedMessage, IOException {
    for (int i = 0; i < 20_000; i++) {
      String text = "\"" + letters() + "\"";
      assertThat(new JsonScanner(bytes(text), 0, bytes(text).length).text())
          .as(text)
          .isEqualTo(parsed(text));
    }
  }

  /// Scraps of JSON in any order, of which some make sense.
  @Test
  void takesWhatAParserTakesAndNothingElse() {
    int taken = 0;
    for (int i = 0; i < 200_000; i++) {
      String text = scraps();
      boolean expected = parses(text);
      assertThat(scans(text)).as(text).isEqualTo(expected);
      taken += expected ? 1 : 0;
    }
    assertThat(taken).isGreaterThan(2_000);
  }

  /// What was JSON before a few of its bytes were changed.
  @Test
  void noticesEachChangeThatAParserNotices() {
    for (int i = 0; i < 50_000; i++) {
      var text = new StringBuilder(value(0));
      for (int changes = random.nextInt(3); changes > 0; changes--) {
        String piece = PIECES[random.nextInt(PIECES.length)];
        int at = random.nextInt(text.length() + 1);
        text.replace(at, Math.min(text.length(), at + random.nextInt(3)), piece);
      }
      assertThat(scans(text.toString())).as(text.toString()).isEqualTo(parses(text.toString()));
    }
  }

  /// Bytes beyond ASCII in any order, mostly such as could be a character.
  @Test
  void takesTheTextThatADecoderTakesAndNoOther() {
    int[] likely = {0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC2, 0xDF, 0xE0, 0xED, 0xEF, 0xF0, 0xF4};
    int taken = 0;
    for (int i = 0; i < 200_000; i++) {
      byte[] text = bytes("\"%s\"".formatted("a".repeat(random.nextInt(20))));
      int length = Math.min(text.length - 2, 1 + random.nextInt(5));
      for (int k = 0; k < length; k++) {
        boolean any = random.nextInt(8) == 0;
        text[text.length - 2 - k] =
            (byte) (any ? random.nextInt(0x80, 0x100) : likely[random.nextInt(likely.length)]);
      }
      boolean expected = decodes(text);
      assertThat(scans(text)).as(HexFormat.of().formatHex(text)).isEqualTo(expected);
      taken += expected ? 1 : 0;
    }
    assertThat(taken).isGreaterThan(2_000);
  }

  @Test
  void knowsEachCharacterBeyondAscii() {
    for (int c = 0x80; c <= Character.MAX_CODE_POINT; c += c < 0x1_0000 ? 1 : 251) {
      if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
        assertThat(scans("\"%s\"".formatted(Character.toString(c)))).as("%x", c).isTrue();
      }
    }
  }

  /// At each distance from the beginning and the end: most of a string is read in pieces.
  @ParameterizedTest
  @ValueSource(strings = {"\u0000", "\u001f", "\n", "\\ud800", "\\udc00\\ud800", "\\ud800\\u0061"})
  void refusesTextThatIsNotCleanWhereverItStands(String bad) {
    for (int before = 0; before < 20; before++) {
      for (int after = 0; after < 20; after++) {
        String text = "\"" + "a".repeat(before) + bad + "a".repeat(after) + "\"";
        assertThat(scans(text)).as(text).isFalse();
      }
    }
  }

  @Test
  void takesBothHalvesOfACharacter() throws MalformedMessage {
    byte[] text = bytes("\"a\\uD83D\\ude00b\"");

    assertThat(new JsonScanner(text, 0, text.length).text()).isEqualTo("a😀b");
  }

  private static boolean decodes(byte[] text) {
    try {
      CharBuffer _ = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text));
      return true;
    } catch (CharacterCodingException _) {
      return false;
    }
  }

  private String letters() {
    var text = new StringBuilder();
    for (int i = random.nextInt(30); i > 0; i--) {
      switch (random.nextInt(6)) {
        case 0 -> text.append("\\").append("\"\\/bfnrt".charAt(random.nextInt(8)));
        case 1 -> text.append("\\u%04x".formatted(random.nextInt(0xD800)));
        case 2 ->
            text.append("é漢😀".codePoints().skip(random.nextInt(3)).findFirst().orElseThrow());
        default -> text.append((char) ('a' + random.nextInt(26)));
      }
    }
    return text.toString();
  }

  private String scraps() {
    var text = new StringBuilder();
    for (int i = 1 + random.nextInt(7); i > 0; i--) {
      text.append(PIECES[random.nextInt(PIECES.length)]);
    }
    return text.toString();
  }

  private String value(int depth) {
    return switch (random.nextInt(depth > 4 ? 4 : 6)) {
      case 0 -> Integer.toString(random.nextInt());
      case 1 -> Double.toString(random.nextGaussian());
      case 2 -> "\"" + letters() + "\"";
      case 3 -> List.of("true", "false", "null").get(random.nextInt(3));
      case 4 -> "[" + String.join(", ", values(depth)) + "]";
      default -> {
        List<String> members = new ArrayList<>();
        values(depth).forEach(value -> members.add("\"" + letters() + "\" :" + value));
        yield "{" + String.join(",", members) + "}";
      }
    };
  }

  private List<String> values(int depth) {
    List<String> values = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      values.add(value(depth + 1));
    }
    return values;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static int end(String text) throws MalformedMessage {
    byte[] bytes = bytes(text);
    var scanner = new JsonScanner(bytes, 0, bytes.length);
    scanner.skip(0);
    return scanner.at();
  }

  private static boolean scans(String text) {
    return scans(bytes(text));
  }

  private static boolean scans(byte[] bytes) {
    var scanner = new JsonScanner(bytes, 0, bytes.length);
    try {
      scanner.skip(0);
      return scanner.peek() < 0;
    } catch (MalformedMessage _) {
      return false;
    }
  }

  private static boolean parses(String text) {
    byte[] bytes = bytes(text);
    try (JsonParser parser = JsonText.factory().createParser(bytes)) {
      JsonToken first = parser.nextToken();
      if (first == null) {
        return false;
      }
      parser.skipChildren();
      parser.finishToken();
      return parser.nextToken() == null;
    } catch (IOException _) {
      return false;
    }
  }

  private static String parsed(String text) throws IOException {
    try (JsonParser parser = JsonText.factory().createParser(bytes(text))) {
      parser.nextToken();
      return parser.getText();
    }
  }
}
