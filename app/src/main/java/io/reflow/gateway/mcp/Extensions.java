package io.reflow.gateway.mcp;

import io.reflow.gateway.catalog.KnownServers;
import io.reflow.gateway.protocol.JsonArray;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.Isolation;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.upstream.ServerFacts;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

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
    List<String> members = new ArrayList<>(2);
    if (visible.size() == 1) {
      offered(visible.stream().filter(Extensions::saysTheSameToAll))
          .flatMap(capabilities -> capabilities.value("experimental").stream())
          .filter(experiments -> object(experiments).isPresent())
          .forEach(experiments -> members.add("\"experimental\":" + experiments));
    }
    List<JsonObject> pages =
        visible.stream()
            .filter(target -> target.settings().ui())
            .flatMap(target -> pages(target).stream())
            .toList();
    together(pages)
        .ifPresent(value -> members.add("\"extensions\":{\"" + UI + "\":" + value + "}"));
    return members;
  }

  private Stream<JsonObject> offered(Stream<Target> targets) {
    return targets
        .flatMap(target -> servers.facts(target.id()).map(ServerFacts::capabilities).stream())
        .flatMap(capabilities -> object(capabilities).stream());
  }

  /// What is known of a target was said to the last for whom it was opened.
  private static boolean saysTheSameToAll(Target target) {
    return target.isolation() == Isolation.SHARED;
  }

  /// Whether a target has pages of its own.
  boolean ui(Target target) {
    return servers
        .facts(target.id())
        .filter(_ -> target.settings().ui())
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

  /// What a target says of its pages, as far as it is meant for all.
  private Optional<JsonObject> pages(Target target) {
    Optional<JsonObject> said = offered(Stream.of(target)).findFirst().flatMap(Extensions::ui);
    return saysTheSameToAll(target)
        ? said
        : said.flatMap(pages ->
            object(
                pages
                    .value(MIME_TYPES)
                    .map(types -> RawJson.of("{\"" + MIME_TYPES + "\":" + types + "}"))
                    .orElse(RawJson.EMPTY_OBJECT)));
  }

  /// What the first says of it, with the types of all.
  private static Optional<RawJson> together(List<JsonObject> all) {
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
