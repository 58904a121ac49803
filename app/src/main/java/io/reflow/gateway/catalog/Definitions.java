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

/// Takes out of the entries of lists what clients are not to see. It is done once, when a list is
/// loaded; most entries stay the bytes that they are.
final class Definitions {

  private Definitions() {}

  static Item item(ListKind kind, String name, JsonObject given) throws MalformedMessage {
    var edit = new JsonObjectEdit(given);
    icons(edit, given);
    if (kind != ListKind.TOOLS) {
      return new Item(name, applied(edit, given));
    }
    // It speaks of tasks, which the gateway does not offer to clients.
    edit.drop("execution");
    JsonObject tool = applied(edit, given);
    return new Item(name, tool, describesObject(tool) ? tool : withoutOutputSchema(tool));
  }

  private static JsonObject applied(JsonObjectEdit edit, JsonObject original)
      throws MalformedMessage {
    return edit.changesAnything() ? MessageReader.readObject(edit.apply()) : original;
  }

  /// Before 2026-07-28 a tool that has structured results has objects; clients refuse any other.
  private static boolean describesObject(JsonObject tool) throws MalformedMessage {
    RawJson schema = tool.value("outputSchema").orElse(null);
    return schema == null
        || (schema.array()[schema.from()] == '{'
            && MessageReader.readObject(schema).text("type").filter("object"::equals).isPresent());
  }

  private static JsonObject withoutOutputSchema(JsonObject tool) throws MalformedMessage {
    return MessageReader.readObject(new JsonObjectEdit(tool).drop("outputSchema").apply());
  }

  /// Only icons that a client can load without harm to anybody.
  private static void icons(JsonObjectEdit edit, JsonObject entry) throws MalformedMessage {
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

  private static boolean harmless(RawJson icon) throws MalformedMessage {
    if (icon.array()[icon.from()] != '{') {
      return false;
    }
    String source = MessageReader.readObject(icon).text("src").orElse("").toLowerCase(Locale.ROOT);
    return source.startsWith("https:") || source.startsWith("data:");
  }
}
