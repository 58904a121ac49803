package io.reflow.gateway.catalog;

import io.reflow.gateway.protocol.HeaderParameters;
import io.reflow.gateway.protocol.JsonArray;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// What a tool says of the headers that its parameters travel in, checked: a client could do
/// nothing right with a tool whose annotations break the rules.
final class HeaderAnnotations {

  private static final String ANNOTATION = "x-mcp-header";

  /// Keywords whose members are named by the author; the names are no keywords.
  private static final Set<String> NAMED_SCHEMAS =
      Set.of("properties", "patternProperties", "$defs", "definitions", "dependentSchemas");

  /// Keywords whose value is data and no schema.
  private static final Set<String> DATA = Set.of("const", "enum", "default", "examples");

  private HeaderAnnotations() {}

  static boolean sound(JsonObject tool) {
    try {
      HeaderParameters.read(tool.raw());
      return true;
    } catch (MalformedMessage _) {
      return false;
    }
  }

  /// The tool without any of them.
  static JsonObject stripped(JsonObject tool) throws MalformedMessage {
    RawJson schema = tool.value("inputSchema").orElse(RawJson.EMPTY_OBJECT);
    return MessageReader.readObject(
        new JsonObjectEdit(tool).set("inputSchema", schema(schema)).apply());
  }

  private static RawJson schema(RawJson schema) throws MalformedMessage {
    return switch (schema.array()[schema.from()]) {
      case '{' -> {
        JsonObject keywords = MessageReader.readObject(schema);
        var edit = new JsonObjectEdit(keywords).drop(ANNOTATION);
        for (JsonObject.Member keyword : keywords.members()) {
          if (!keyword.name().equals(ANNOTATION) && !DATA.contains(keyword.name())) {
            boolean named = NAMED_SCHEMAS.contains(keyword.name());
            edit.set(keyword.name(), named ? byName(keyword.value()) : schema(keyword.value()));
          }
        }
        yield edit.apply();
      }
      case '[' -> {
        List<RawJson> elements = new ArrayList<>();
        for (RawJson element : JsonArray.elements(schema)) {
          elements.add(schema(element));
        }
        yield JsonArray.of(elements);
      }
      default -> schema;
    };
  }

  private static RawJson byName(RawJson schemas) throws MalformedMessage {
    if (schemas.array()[schemas.from()] != '{') {
      return schemas;
    }
    JsonObject named = MessageReader.readObject(schemas);
    var edit = new JsonObjectEdit(named);
    for (JsonObject.Member member : named.members()) {
      edit.set(member.name(), schema(member.value()));
    }
    return edit.apply();
  }
}
