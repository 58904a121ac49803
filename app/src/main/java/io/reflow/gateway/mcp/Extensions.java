package io.reflow.gateway.mcp;

import io.reflow.gateway.catalog.KnownServers;
import io.reflow.gateway.protocol.JsonArray;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.upstream.ServerFacts;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What targets offer beyond the protocol, as far as it works through a gateway: extensions whose
/// messages are those of the protocol itself, and experiments where there is but one target that
/// can be meant.
final class Extensions {

  private static final String UI = "io.modelcontextprotocol/ui";
  private static final String MIME_TYPES = "mimeTypes";

  private final KnownServers servers;

  Extensions(KnownServers servers) {
    this.servers = servers;
  }

  /// Members for the gateway's `capabilities`.
  List<String> capabilities(List<Target> visible) {
    List<JsonObject> offered =
        visible.stream()
            .flatMap(target -> servers.facts(target.id()).map(ServerFacts::capabilities).stream())
            .flatMap(capabilities -> object(capabilities).stream())
            .toList();
    List<String> members = new ArrayList<>(2);
    if (visible.size() == 1) {
      offered.stream()
          .flatMap(capabilities -> capabilities.value("experimental").stream())
          .filter(experiments -> object(experiments).isPresent())
          .forEach(experiments -> members.add("\"experimental\":" + experiments));
    }
    ui(offered).ifPresent(value -> members.add("\"extensions\":{\"" + UI + "\":" + value + "}"));
    return members;
  }

  /// Whether a target has pages of its own.
  boolean ui(Target target) {
    return servers
        .facts(target.id())
        .flatMap(facts -> object(facts.capabilities()))
        .flatMap(Extensions::ui)
        .isPresent();
  }

  private static Optional<JsonObject> ui(JsonObject capabilities) {
    return capabilities
        .value("extensions")
        .flatMap(Extensions::object)
        .flatMap(extensions -> extensions.value(UI))
        .flatMap(Extensions::object);
  }

  /// What the first says of it, with the types of all.
  private static Optional<RawJson> ui(List<JsonObject> offered) {
    List<JsonObject> all =
        offered.stream().flatMap(capabilities -> ui(capabilities).stream()).toList();
    if (all.size() < 2) {
      return all.stream().map(JsonObject::raw).findFirst();
    }
    Set<RawJson> types = new LinkedHashSet<>();
    all.forEach(ui -> ui.value(MIME_TYPES).map(JsonArray::elements).ifPresent(types::addAll));
    return Optional.of(
        new JsonObjectEdit(all.getFirst())
            .set(MIME_TYPES, JsonArray.of(List.copyOf(types)))
            .apply());
  }

  private static Optional<JsonObject> object(RawJson value) {
    if (value.array()[value.from()] != '{') {
      return Optional.empty();
    }
    try {
      return Optional.of(MessageReader.readObject(value));
    } catch (MalformedMessage _) {
      return Optional.empty();
    }
  }
}
