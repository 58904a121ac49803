package io.reflow.gateway.catalog;

import io.reflow.gateway.protocol.JsonArray;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes out of the entries of lists what clients are not to see. It is done once, when a list is
/// loaded; most entries stay the bytes that they are.
final class Definitions {

  private static final Logger LOG = LoggerFactory.getLogger(Definitions.class);

  private Definitions() {}

  /// A prompt, a resource or a template.
  static Item item(String name, JsonObject given) throws MalformedMessage {
    var edit = new JsonObjectEdit(given);
    icons(edit, given);
    return new Item(name, applied(edit, given));
  }

  /// A tool, unless clients can't use it.
  ///
  /// @param strict whether one with unsound header annotations is such a tool: without them it
  ///   could not be called
  static Optional<Item> tool(String name, JsonObject given, boolean strict)
      throws MalformedMessage {
    var edit = new JsonObjectEdit(given);
    icons(edit, given);
    // It speaks of tasks, which the gateway does not offer to clients.
    edit.drop("execution");
    JsonObject tool = applied(edit, given);
    if (!HeaderAnnotations.sound(tool)) {
      LOG.atWarn()
          .addKeyValue("reason", "x-mcp-header")
          .log(strict ? "A tool is left out" : "Annotations of a tool are left out");
      if (strict) {
        return Optional.empty();
      }
      tool = HeaderAnnotations.stripped(tool);
    }
    JsonObject older = describesObject(tool) ? tool : withoutOutputSchema(tool);
    return Optional.of(new Item(name, tool, older));
  }

  private static JsonObject applied(JsonObjectEdit edit, JsonObject original)
      throws MalformedMessage {
    return edit.changesAnything() ? MessageReader.readObject(edit.apply()) : original;
  }

  /// Before 2026-07-28 a tool that has structured results has objects; clients refuse any other.
  private static boolean describesObject(JsonObject tool) {
    RawJson schema = tool.value("outputSchema").orElse(null);
    return schema == null
        || object(schema).flatMap(found -> found.text("type")).filter("object"::equals).isPresent();
  }

  static Optional<JsonObject> object(RawJson value) {
    try {
      return value.array()[value.from()] == '{'
          ? Optional.of(MessageReader.readObject(value))
          : Optional.empty();
    } catch (MalformedMessage _) {
      return Optional.empty();
    }
  }

  private static JsonObject withoutOutputSchema(JsonObject tool) throws MalformedMessage {
    return MessageReader.readObject(new JsonObjectEdit(tool).drop("outputSchema").apply());
  }

  /// Only icons that a client can load without harm to anybody.
  private static void icons(JsonObjectEdit edit, JsonObject entry) {
    RawJson icons = entry.value("icons").orElse(null);
    if (icons == null) {
      return;
    }
    List<RawJson> all = JsonArray.elements(icons);
    List<RawJson> kept = new ArrayList<>(all.size());
    for (RawJson icon : all) {
      if (harmless(icon)) {
        kept.add(icon);
      }
    }
    if (kept.size() < all.size()) {
      edit.set("icons", JsonArray.of(kept));
    }
  }

  private static boolean harmless(RawJson icon) {
    String source =
        object(icon).flatMap(found -> found.text("src")).orElse("").toLowerCase(Locale.ROOT);
    return source.startsWith("https:") || source.startsWith("data:");
  }
}
