package io.reflow.gateway.catalog;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// One list of one instance of a target, whole, in the target's order. Of entries with equal names
/// the first counts. `freshUntil` says until when nobody needs to ask again.
///
/// @param offered whether the target has such a list at all
/// @param open whether the target says that the list is the same for everybody
record TargetList(
    List<Item> items,
    Map<String, Item> byName,
    Instant loadedAt,
    Instant freshUntil,
    boolean offered,
    boolean open) {

  static TargetList of(
      List<Item> all, Instant loadedAt, Instant freshUntil, boolean offered, boolean open) {
    Map<String, Item> byName = HashMap.newHashMap(all.size());
    List<Item> unique =
        all.stream().filter(item -> byName.putIfAbsent(item.name(), item) == null).toList();
    return new TargetList(unique, Map.copyOf(byName), loadedAt, freshUntil, offered, open);
  }

  Optional<Item> find(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  boolean fresh(Instant now) {
    return now.isBefore(freshUntil);
  }
}
