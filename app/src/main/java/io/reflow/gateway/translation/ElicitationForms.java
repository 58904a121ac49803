package io.reflow.gateway.translation;

import io.reflow.gateway.protocol.JsonArray;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.RawJson;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// Forms with choices, for clients of 2025-06-18: these know one choice out of several, with names
/// beside the values, and no choice of many. What may be chosen several times becomes a text with
/// commas, and the answer a list again.
///
/// See <https://modelcontextprotocol.io/specification/2025-11-25/client/elicitation>
final class ElicitationForms {

  private ElicitationForms() {}

  /// A value that may be chosen and what people call it.
  private record Choice(String value, String title) {

    String described() {
      return value.equals(title) ? value : "%s (%s)".formatted(value, title);
    }
  }

  /// The schema in the words of 2025-06-18.
  static RawJson plain(RawJson schema) {
    return Rewrite.member(schema, "properties", ElicitationForms::plainFields);
  }

  private static RawJson plainFields(RawJson properties) {
    Optional<JsonObject> fields = Rewrite.object(properties);
    if (fields.isEmpty()) {
      return properties;
    }
    var edit = new JsonObjectEdit(fields.get());
    for (JsonObject.Member field : fields.get().members()) {
      Rewrite.member(edit, fields.get(), field.name(), ElicitationForms::plainField);
    }
    return edit.apply();
  }

  private static RawJson plainField(RawJson field) {
    return Rewrite.object(field).map(ElicitationForms::plainField).orElse(field);
  }

  private static RawJson plainField(JsonObject field) {
    if (isList(field)) {
      return text(field);
    }
    List<Choice> choices = titled(field, "oneOf");
    if (choices.isEmpty()) {
      return field.raw();
    }
    return new JsonObjectEdit(field)
        .drop("oneOf")
        .set("enum", strings(choices.stream().map(Choice::value).toList()))
        .set("enumNames", strings(choices.stream().map(Choice::title).toList()))
        .apply();
  }

  private static boolean isList(JsonObject field) {
    return field.text("type").filter("array"::equals).isPresent();
  }

  private static RawJson text(JsonObject field) {
    String hint = choices(field).stream().map(Choice::described).collect(Collectors.joining(", "));
    String description =
        field.text("description").map(text -> text + " ").orElse("")
            + "Any of these, separated by commas: "
            + hint;
    var edit =
        new JsonObjectEdit(field)
            .drop("items")
            .drop("minItems")
            .drop("maxItems")
            .drop("uniqueItems")
            .set("type", JsonText.string("string"))
            .set("description", JsonText.string(description));
    Rewrite.member(edit, field, "default", ElicitationForms::joined);
    return edit.apply();
  }

  private static RawJson joined(RawJson values) {
    return Rewrite.isArray(values) ? JsonText.string(String.join(", ", texts(values))) : values;
  }

  private static List<Choice> choices(JsonObject field) {
    Optional<JsonObject> items = Rewrite.object(field, "items");
    if (items.isEmpty()) {
      return List.of();
    }
    List<Choice> titled = titled(items.get(), "anyOf");
    if (!titled.isEmpty()) {
      return titled;
    }
    return items
        .get()
        .value("enum")
        .map(values -> texts(values).stream().map(text -> new Choice(text, text)).toList())
        .orElse(List.of());
  }

  private static List<Choice> titled(JsonObject schema, String member) {
    return schema
        .value(member)
        .map(options ->
            JsonArray.elements(options).stream()
                .flatMap(option -> Rewrite.object(option).stream())
                .flatMap(option ->
                    option
                        .text("const")
                        .map(value -> new Choice(value, option.text("title").orElse(value)))
                        .stream())
                .toList())
        .orElse(List.of());
  }

  private static List<String> texts(RawJson array) {
    return JsonArray.elements(array).stream()
        .filter(value -> value.array()[value.from()] == '"')
        .map(JsonText::read)
        .toList();
  }

  private static RawJson strings(List<String> texts) {
    return JsonArray.of(texts.stream().map(JsonText::string).toList());
  }

  /// The answer to a form that was made plain: lists where the schema wants lists.
  static RawJson answered(RawJson schema, RawJson content) {
    Optional<JsonObject> fields =
        Rewrite.object(schema).flatMap(object -> Rewrite.object(object, "properties"));
    Optional<JsonObject> values = Rewrite.object(content);
    if (fields.isEmpty() || values.isEmpty()) {
      return content;
    }
    var edit = new JsonObjectEdit(values.get());
    for (JsonObject.Member field : fields.get().members()) {
      Rewrite.object(field.value())
          .filter(ElicitationForms::isList)
          .ifPresent(list ->
              values
                  .get()
                  .text(field.name())
                  .ifPresent(text -> edit.set(field.name(), chosen(list, text))));
    }
    return edit.apply();
  }

  /// What a person wrote may be a value or what it is called.
  private static RawJson chosen(JsonObject field, String text) {
    List<Choice> choices = choices(field);
    return strings(
        Arrays.stream(text.split(","))
            .map(String::strip)
            .filter(part -> !part.isEmpty())
            .map(part -> value(choices, part))
            .toList());
  }

  private static String value(List<Choice> choices, String said) {
    return choices.stream()
        .filter(choice -> choice.value().equals(said))
        .findFirst()
        .or(() ->
            choices.stream().filter(choice -> choice.title().equalsIgnoreCase(said)).findFirst())
        .map(Choice::value)
        .orElse(said);
  }
}
