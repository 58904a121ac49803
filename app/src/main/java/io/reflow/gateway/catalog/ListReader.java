package io.reflow.gateway.catalog;

import io.reflow.gateway.protocol.JsonArray;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Announcements;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Reads the entries and the cursor out of one page of a list.
final class ListReader {

  private ListReader() {}

  /// One page; an absent cursor means that it was the last one. An empty cursor is a cursor.
  ///
  /// @param ttlMs for how long the target says that it may be kept
  /// @param open whether the target says that it is the same for everybody
  record Page(
      List<Item> items, Optional<String> nextCursor, OptionalLong ttlMs, boolean open, int bytes) {

    static final Page EMPTY = new Page(List.of(), Optional.empty(), OptionalLong.empty(), false, 0);
  }

  /// Takes one page apart.
  ///
  /// @param strict whether tools with unsound header annotations are left out, or only these
  static Page read(ListKind kind, RawJson result, boolean strict) throws MalformedMessage {
    JsonObject page = MessageReader.readObject(result);
    List<Item> items = new ArrayList<>();
    Optional<RawJson> entries = page.value(kind.member());
    if (entries.isPresent()) {
      for (RawJson entry : JsonArray.elements(entries.get())) {
        item(kind, entry, strict).ifPresent(items::add);
      }
    }
    return new Page(
        items,
        page.text("nextCursor"),
        page.value("ttlMs").map(Announcements::integer).orElse(OptionalLong.empty()),
        page.text("cacheScope").filter("public"::equals).isPresent(),
        result.length());
  }

  /// An entry without a name can't be asked for: it is left out.
  private static Optional<Item> item(ListKind kind, RawJson entry, boolean strict)
      throws MalformedMessage {
    if (entry.array()[entry.from()] != '{') {
      return Optional.empty();
    }
    JsonObject definition = MessageReader.readObject(entry);
    Optional<String> name = definition.text(kind.key());
    if (name.isEmpty()) {
      return Optional.empty();
    }
    return kind == ListKind.TOOLS
        ? Definitions.tool(name.get(), definition, strict)
        : Optional.of(Definitions.item(name.get(), definition));
  }
}
