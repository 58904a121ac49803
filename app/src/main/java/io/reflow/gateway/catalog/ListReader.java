package io.reflow.gateway.catalog;

import io.reflow.gateway.protocol.JsonArray;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Reads the entries and the cursor out of one page of a list.
final class ListReader {

  private ListReader() {}

  /// One page; an absent cursor means that it was the last one. An empty cursor is a cursor.
  record Page(List<Item> items, Optional<String> nextCursor, int bytes) {}

  static Page read(ListKind kind, RawJson result) throws MalformedMessage {
    JsonObject page = MessageReader.readObject(result);
    List<Item> items = new ArrayList<>();
    Optional<RawJson> entries = page.value(kind.member());
    if (entries.isPresent()) {
      for (RawJson entry : JsonArray.elements(entries.get())) {
        item(kind, entry).ifPresent(items::add);
      }
    }
    return new Page(items, page.text("nextCursor"), result.length());
  }

  /// An entry without a name can't be asked for: it is left out.
  private static Optional<Item> item(ListKind kind, RawJson entry) throws MalformedMessage {
    if (entry.array()[entry.from()] != '{') {
      return Optional.empty();
    }
    JsonObject definition = MessageReader.readObject(entry);
    Optional<String> name = definition.text(kind.key());
    if (name.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new Item(name.get(), kind == ListKind.TOOLS ? tool(definition) : definition));
  }

  /// `execution` speaks of tasks, which the gateway does not offer to clients.
  private static JsonObject tool(JsonObject definition) throws MalformedMessage {
    return definition.find("execution").isEmpty()
        ? definition
        : MessageReader.readObject(new JsonObjectEdit(definition).drop("execution").apply());
  }
}
