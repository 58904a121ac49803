package io.reflow.gateway.translation;

import io.reflow.gateway.protocol.JsonArray;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.RawJson;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// Messages of a conversation with a model: several content blocks in one since 2025-11-25, just
/// one before.
final class SamplingMessages {

  private SamplingMessages() {}

  /// A message with several blocks as several messages of the same role.
  static List<RawJson> split(RawJson message) {
    Optional<JsonObject> object = Rewrite.object(message);
    Optional<RawJson> content = object.flatMap(found -> found.value("content"));
    if (content.isEmpty() || !Rewrite.isArray(content.get())) {
      return List.of(message);
    }
    return JsonArray.elements(content.get()).stream()
        .map(block -> new JsonObjectEdit(object.get()).set("content", block).apply())
        .toList();
  }

  /// The content of an answer as one block; what is no text is kept as its JSON text.
  static RawJson oneBlock(RawJson content) {
    if (!Rewrite.isArray(content)) {
      return content;
    }
    List<RawJson> blocks = JsonArray.elements(content);
    if (blocks.size() == 1) {
      return blocks.getFirst();
    }
    String text = blocks.stream().map(SamplingMessages::text).collect(Collectors.joining("\n"));
    return RawJson.of("{\"type\":\"text\",\"text\":" + JsonText.quote(text) + "}");
  }

  private static String text(RawJson block) {
    return Rewrite.object(block)
        .filter(object -> object.text("type").filter(ContentTypes.TEXT::equals).isPresent())
        .flatMap(object -> object.text("text"))
        .orElseGet(block::toString);
  }
}
