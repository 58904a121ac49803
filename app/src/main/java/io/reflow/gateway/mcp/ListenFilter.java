package io.reflow.gateway.mcp;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.reflow.gateway.fault.GatewayException.InvalidParams;
import io.reflow.gateway.fault.GatewayException.MissingCapability;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Feeds;
import io.reflow.gateway.upstream.Listener.ListKind;
import java.io.IOException;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;

/// What the client of a `subscriptions/listen` wants to be told of.
///
/// @param uris of resources, as the client calls them
record ListenFilter(Set<ListKind> lists, Set<String> uris) {

  private static final int MOST_URIS = 500;
  private static final String TASKS = "io.modelcontextprotocol/tasks";
  private static final String CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";

  /// What is not known is left out.
  static ListenFilter read(Message.Request request) {
    try {
      JsonObject wanted = object(request.params().value("notifications"), "notifications");
      if (wanted.find("taskIds").isPresent() && !declaresTasks(request.params())) {
        throw new MissingCapability(
            "taskIds are for clients that know tasks", "{\"extensions\":{\"" + TASKS + "\":{}}}");
      }
      Set<ListKind> lists = EnumSet.noneOf(ListKind.class);
      for (ListKind kind : ListKind.values()) {
        if (wanted.value(flag(kind)).filter(value -> value.toString().equals("true")).isPresent()) {
          lists.add(kind);
        }
      }
      return new ListenFilter(lists, uris(wanted.value("resourceSubscriptions")));
    } catch (MalformedMessage e) {
      throw new InvalidParams("params.notifications: " + e.why());
    }
  }

  private static JsonObject object(Optional<RawJson> value, String name) throws MalformedMessage {
    RawJson object =
        value
            .filter(json -> json.array()[json.from()] == '{')
            .orElseThrow(() -> new InvalidParams("params.%s must be an object".formatted(name)));
    return MessageReader.readObject(object);
  }

  private static boolean declaresTasks(JsonObject params) throws MalformedMessage {
    JsonObject capabilities = object(params.object("_meta").value(CAPABILITIES), CAPABILITIES);
    Optional<RawJson> extensions =
        capabilities.value("extensions").filter(value -> value.array()[value.from()] == '{');
    return extensions.isPresent()
        && MessageReader.readObject(extensions.get()).find(TASKS).isPresent();
  }

  private static Set<String> uris(Optional<RawJson> array) {
    Set<String> uris = new LinkedHashSet<>();
    if (array.isEmpty()) {
      return uris;
    }
    RawJson json = array.get();
    try (JsonParser parser =
        JsonText.factory().createParser(json.array(), json.from(), json.length())) {
      boolean isArray = parser.nextToken() == JsonToken.START_ARRAY;
      while (isArray && parser.nextToken() == JsonToken.VALUE_STRING) {
        uris.add(bounded(parser.getText()));
      }
      if (!isArray || parser.currentToken() != JsonToken.END_ARRAY || uris.size() > MOST_URIS) {
        throw new InvalidParams(
            "params.notifications.resourceSubscriptions must be a list of up to %d texts"
                .formatted(MOST_URIS));
      }
      return uris;
    } catch (IOException e) {
      throw new InvalidParams("params.notifications.resourceSubscriptions can't be read");
    }
  }

  private static String bounded(String uri) {
    if (uri.length() > Feeds.LONGEST_URI) {
      throw new InvalidParams(
          "params.notifications.resourceSubscriptions: a uri has more than %d characters"
              .formatted(Feeds.LONGEST_URI));
    }
    return uri;
  }

  private static String flag(ListKind kind) {
    return switch (kind) {
      case TOOLS -> "toolsListChanged";
      case PROMPTS -> "promptsListChanged";
      case RESOURCES -> "resourcesListChanged";
    };
  }

  /// As the client gets it confirmed.
  String json() {
    var members = new StringJoiner(",", "{", "}");
    lists.forEach(kind -> members.add("\"%s\":true".formatted(flag(kind))));
    if (!uris.isEmpty()) {
      var texts = new StringJoiner(",", "[", "]");
      uris.forEach(uri -> texts.add(JsonText.quote(uri)));
      members.add("\"resourceSubscriptions\":" + texts);
    }
    return members.toString();
  }
}
