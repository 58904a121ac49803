package io.reflow.gateway.catalog;

import io.reflow.gateway.protocol.JsonArray;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.translation.ResourceUris;

/// One entry of a target's list, as the target wrote it. `name` is the upstream's own name or URI.
///
/// @param older the same for clients of revisions before 2026-07-28
public record Item(String name, JsonObject definition, JsonObject older) {

  private static final RawJson APP = JsonText.string("app");

  /// An entry that is the same for all clients.
  public Item(String name, JsonObject definition) {
    this(name, definition, definition);
  }

  /// The entry under the name, and with the URIs, that the client is to use; otherwise unchanged.
  RawJson exposedAs(String exposedName, ListKind kind, ProtocolVersion client, ResourceUris uris) {
    JsonObject shown = client.stateless() ? definition : older;
    var edit = new JsonObjectEdit(shown);
    if (!exposedName.equals(name)) {
      edit.set(kind.key(), JsonText.string(exposedName));
    }
    if (kind == ListKind.TOOLS) {
      uris.exposePages(edit, shown);
    }
    return edit.apply();
  }

  /// Whether a tool may be called by the pages of its target; it may unless it says otherwise.
  boolean forPages() {
    return definition
        .value("_meta")
        .flatMap(Definitions::object)
        .flatMap(meta -> meta.value("ui"))
        .flatMap(Definitions::object)
        .flatMap(ui -> ui.value("visibility"))
        .map(JsonArray::elements)
        .map(whom -> whom.contains(APP))
        .orElse(true);
  }
}
