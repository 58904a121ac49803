package io.reflow.gateway.catalog;

import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.RawJson;

/// One entry of a target's list, as the target wrote it. `name` is the upstream's own name or URI.
public record Item(String name, JsonObject definition) {

  /// The entry under another name, otherwise unchanged.
  RawJson exposedAs(String exposedName, ListKind kind) {
    return exposedName.equals(name)
        ? definition.raw()
        : new JsonObjectEdit(definition).set(kind.key(), JsonText.string(exposedName)).apply();
  }
}
