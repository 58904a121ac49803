package io.reflow.gateway.testing;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Makes up what a server or client may say: every kind of object of the protocol, with members
/// that nobody knows, in any order, with numbers and texts that are easily spoilt, and with white
/// space where it means nothing. The same seed makes up the same.
public final class Payloads {

  private static final List<String> NUMBERS =
      List.of(
          "0",
          "-0",
          "1.0",
          "0.10",
          "1e400",
          "-1E+400",
          "5e-324",
          "12345678901234567890",
          "-0.0",
          "1E2",
          "9007199254740993",
          "3.141592653589793238462643383279");

  private static final List<String> PIECES =
      List.of(
          "a",
          "Z 9",
          "é",
          "世界",
          "😀",
          "\\u00e9",
          "\\uD83D\\uDE00",
          "\\n",
          "\\t",
          "\\\"",
          "\\\\",
          "\\/",
          "/",
          "\u2028",
          "\u007f",
          "<script>",
          "\\u0000",
          "data: x",
          "{",
          "]");

  private final Random random;
  private final String revision;
  private int names;

  /// @param revision what both sides know; nothing newer is made up
  public Payloads(long seed, String revision) {
    this.random = new Random(seed);
    this.revision = revision;
  }

  private boolean since(String first) {
    return revision.compareTo(first) >= 0;
  }

  private <T> T any(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  private String space() {
    return random.nextInt(6) > 0 ? "" : any(List.of(" ", "\n", "\t", "\r\n", "  "));
  }

  public String string() {
    return IntStream.range(0, random.nextInt(6))
        .mapToObj(_ -> any(PIECES))
        .collect(Collectors.joining("", "\"", "\""));
  }

  public String number() {
    return random.nextBoolean() ? any(NUMBERS) : Long.toString(random.nextLong());
  }

  private String base64() {
    return any(List.of("\"\"", "\"UklGRg==\"", "\"AAECAwQFBgcICQ==\""));
  }

  /// Any JSON value.
  public String value(int depth) {
    return switch (random.nextInt(depth == 0 ? 4 : 7)) {
      case 0 -> any(List.of("true", "false", "null", "{}", "[]", "\"\""));
      case 1, 2 -> number();
      case 3 -> string();
      case 4, 5 -> object(depth - 1, Map.of());
      default -> array(random.nextInt(4), () -> value(depth - 1));
    };
  }

  /// So many objects in each other.
  public String deep(int levels) {
    return "{\"d\":".repeat(levels) + number() + "}".repeat(levels);
  }

  public String array(int length, Supplier<String> element) {
    return IntStream.range(0, length)
        .mapToObj(_ -> space() + element.get() + space())
        .collect(Collectors.joining(",", "[", "]"));
  }

  /// An object with these members, and some that nobody knows.
  public String object(Map<String, String> known) {
    return object(2, known);
  }

  private String object(int depth, Map<String, String> known) {
    Map<String, String> all = new HashMap<>(known);
    for (int i = random.nextInt(3); i > 0; i--) {
      all.put(name(), value(depth));
    }
    List<Map.Entry<String, String>> members = new ArrayList<>(all.entrySet());
    Collections.shuffle(members, random);
    return members.stream()
        .map(member ->
            "%s\"%s\"%s:%s%s%s"
                .formatted(space(), member.getKey(), space(), space(), member.getValue(), space()))
        .collect(Collectors.joining(",", "{", "}"));
  }

  private String name() {
    return any(List.of("x", "é", "com.example/k", "a b", "\\u0041", "世")) + names++;
  }

  /// Some of the members that an object may have.
  private Map<String, String> some(Map<String, Supplier<String>> optional) {
    Map<String, String> chosen = new LinkedHashMap<>();
    optional.forEach((name, value) -> {
      if (random.nextInt(3) > 0) {
        chosen.put(name, value.get());
      }
    });
    return chosen;
  }

  private Map<String, String> described() {
    Map<String, Supplier<String>> optional = new LinkedHashMap<>();
    optional.put("description", this::string);
    optional.put("_meta", () -> object(Map.of()));
    if (since("2025-06-18")) {
      optional.put("title", this::string);
    }
    if (since("2025-11-25")) {
      optional.put("icons", () -> array(random.nextInt(3), this::icon));
    }
    return some(optional);
  }

  private String icon() {
    return object(
        Map.of(
            "src",
            any(List.of("\"https://a.example/i.png\"", "\"data:image/png;base64,AA==\"")),
            "mimeType",
            "\"image/png\"",
            "sizes",
            "[\"48x48\"]"));
  }

  private String annotations() {
    return object(
        some(
            Map.of(
                "audience",
                () -> "[\"user\"]",
                "priority",
                () -> any(List.of("0.0", "1.0", "0.50")),
                "lastModified",
                () -> "\"2025-01-12T15:00:58Z\"")));
  }

  public String tool(String name) {
    Map<String, String> members = described();
    members.put("name", "\"" + name + "\"");
    members.put("inputSchema", schema());
    if (since("2025-03-26")) {
      members.put(
          "annotations", object(some(Map.of("readOnlyHint", () -> "true", "title", this::string))));
    }
    if (since("2025-06-18")) {
      members.put("outputSchema", schema());
    }
    return object(members);
  }

  /// With keywords that a gateway need not know.
  private String schema() {
    Map<String, String> members =
        some(
            Map.of(
                "$schema",
                () -> "\"https://json-schema.org/draft/2020-12/schema\"",
                "properties",
                () -> object(Map.of("p", object(Map.of("default", value(2))))),
                "$defs",
                () -> object(Map.of("d", "{\"$anchor\":\"a\",\"minimum\":1.0}")),
                "allOf",
                () -> "[{\"$ref\":\"#/$defs/d\"},{\"if\":true,\"then\":{}}]",
                "additionalProperties",
                () -> any(List.of("false", "{}"))));
    members.put("type", "\"object\"");
    return object(members);
  }

  public String prompt(String name) {
    Map<String, String> members = described();
    members.put("name", "\"" + name + "\"");
    members.put(
        "arguments",
        array(
            random.nextInt(3),
            () -> object(Map.of("name", string(), "required", any(List.of("true", "false"))))));
    return object(members);
  }

  public String resource(String uri) {
    Map<String, String> members = described();
    members.put("uri", "\"" + uri + "\"");
    members.put("name", string());
    members.putAll(
        some(
            Map.of(
                "mimeType", () -> "\"text/plain\"",
                "size", this::number,
                "annotations", this::annotations)));
    return object(members);
  }

  public String template(String template) {
    Map<String, String> members = described();
    members.put("uriTemplate", "\"" + template + "\"");
    members.put("name", string());
    members.putAll(some(Map.of("annotations", this::annotations)));
    return object(members);
  }

  /// A content block of any type that both sides know, or that both hand on.
  public String block() {
    List<Supplier<String>> types =
        new ArrayList<>(
            List.of(
                () -> block("text", Map.of("text", string())),
                () -> block("image", Map.of("data", base64(), "mimeType", "\"image/png\"")),
                () -> block("resource", Map.of("resource", contents("a://embedded")))));
    if (since("2025-03-26")) {
      types.add(() -> block("audio", Map.of("data", base64(), "mimeType", "\"audio/wav\"")));
    }
    if (since("2025-06-18")) {
      types.add(() -> block("resource_link", Map.of("uri", "\"a://linked\"", "name", string())));
    }
    if (since("2025-11-25")) {
      types.add(() -> block("hologram", Map.of("rays", value(2))));
    }
    return any(types).get();
  }

  private String block(String type, Map<String, String> content) {
    Map<String, String> members = new HashMap<>(content);
    members.put("type", "\"" + type + "\"");
    members.putAll(some(Map.of("annotations", this::annotations, "_meta", () -> object(Map.of()))));
    return object(members);
  }

  private String contents(String uri) {
    Map<String, String> members = new HashMap<>();
    members.put("uri", "\"" + uri + "\"");
    members.put(any(List.of("text", "blob")), random.nextBoolean() ? "\"\"" : base64());
    members.putAll(
        some(Map.of("mimeType", () -> "\"text/plain\"", "_meta", () -> object(Map.of()))));
    return object(members);
  }

  public String toolResult(Map<String, String> more) {
    Map<String, String> members = new HashMap<>(more);
    members.put("content", array(random.nextInt(5), this::block));
    members.putAll(some(Map.of("isError", () -> any(List.of("true", "false")))));
    if (since("2025-06-18")) {
      members.put("structuredContent", random.nextInt(9) > 0 ? object(Map.of()) : deep(150));
    }
    return object(members);
  }

  public String promptResult(Map<String, String> more) {
    Map<String, String> members = new HashMap<>(more);
    members.put(
        "messages",
        array(random.nextInt(5), () -> object(Map.of("role", "\"user\"", "content", block()))));
    members.put("description", string());
    return object(members);
  }

  public String readResult(String uri, Map<String, String> more) {
    Map<String, String> members = new HashMap<>(more);
    members.put("contents", array(1 + random.nextInt(3), () -> contents(uri)));
    return object(members);
  }

  public String completionResult(Map<String, String> more) {
    Map<String, String> members = new HashMap<>(more);
    members.put(
        "completion",
        object(
            Map.of(
                "values", array(random.nextInt(4), this::string),
                "total", number(),
                "hasMore", any(List.of("true", "false")))));
    return object(members);
  }

  public String error() {
    return object(
        Map.of(
            "code",
            any(List.of("-32602", "-32603", "1", "-1", "4711")),
            "message",
            string(),
            "data",
            object(Map.of())));
  }

  /// The `params` of a question to the client.
  public String question(String method) {
    return switch (method) {
      case "sampling/createMessage" ->
          object(
              Map.of(
                  "messages",
                  array(1 + random.nextInt(3), this::message),
                  "maxTokens",
                  number(),
                  "systemPrompt",
                  string(),
                  "modelPreferences",
                  object(Map.of("costPriority", "1.0"))));
      case "elicitation/create" ->
          object(
              Map.of(
                  "message",
                  string(),
                  "requestedSchema",
                  object(
                      Map.of(
                          "type",
                          "\"object\"",
                          "properties",
                          object(Map.of("size", "{\"type\":\"number\",\"default\":1.0}"))))));
      default -> object(Map.of());
    };
  }

  private String message() {
    String text = block("text", Map.of("text", string()));
    String several = array(random.nextInt(3), () -> block("text", Map.of("text", string())));
    return object(Map.of("role", "\"user\"", "content", any(List.of(text, several))));
  }

  /// What a client answers to it.
  public String answer(String method) {
    return switch (method) {
      case "sampling/createMessage" ->
          object(
              Map.of(
                  "role",
                  "\"assistant\"",
                  "model",
                  string(),
                  "content",
                  block("text", Map.of("text", string()))));
      case "elicitation/create" ->
          object(Map.of("action", "\"accept\"", "content", object(Map.of("size", number()))));
      default ->
          object(
              Map.of(
                  "roots",
                  array(
                      random.nextInt(3),
                      () -> object(Map.of("uri", "\"file:///a\"", "name", string())))));
    };
  }
}
