package io.reflow.gateway.translation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.reflow.gateway.protocol.JsonArray;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.RawJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// `structuredContent` of any type, for clients that expect an object there or nothing.
final class ToolResults {

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  private static final RawJson EMPTY = RawJson.of("[]");

  private ToolResults() {}

  /// Whether a client of a revision before 2026-07-28 would refuse the result because of it.
  static boolean unfit(JsonObject result) {
    return result.value("structuredContent").filter(value -> !Rewrite.isObject(value)).isPresent();
  }

  /// The content blocks with one more that holds the structured content as text, unless one does.
  static RawJson spelledOut(RawJson blocks, RawJson structured) {
    List<RawJson> all = Rewrite.isArray(blocks) ? JsonArray.elements(blocks) : List.of();
    Optional<JsonNode> value = tree(structured.toString());
    boolean there =
        all.stream()
            .flatMap(block -> Rewrite.object(block).flatMap(object -> object.text("text")).stream())
            .anyMatch(text -> text.equals(structured.toString()) || tree(text).equals(value));
    if (there) {
      return blocks;
    }
    List<RawJson> more = new ArrayList<>(all);
    more.add(
        RawJson.of("{\"type\":\"text\",\"text\":" + JsonText.quote(structured.toString()) + "}"));
    return JsonArray.of(more);
  }

  /// The content of a result that has none.
  static RawJson none() {
    return EMPTY;
  }

  private static Optional<JsonNode> tree(String text) {
    try {
      return Optional.ofNullable(JSON.readTree(text));
    } catch (JsonProcessingException _) {
      return Optional.empty();
    }
  }
}
