package io.reflow.gateway.upstream.stateless;

import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Interest;
import io.reflow.gateway.upstream.Listener.ListKind;
import java.util.ArrayList;
import java.util.List;

/// What is said in a `subscriptions/listen`, and how it is understood.
final class ListenMessages {

  private static final String SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId";

  private ListenMessages() {}

  /// Which of our requests it answers is no news for anybody else.
  static RawJson withoutId(JsonObject params) {
    JsonObject meta = params.object("_meta");
    if (meta.find(SUBSCRIPTION_ID).isEmpty()) {
      return params.raw();
    }
    var edit = new JsonObjectEdit(params);
    if (meta.members().size() == 1) {
      edit.drop("_meta");
    } else {
      edit.set("_meta", new JsonObjectEdit(meta).drop(SUBSCRIPTION_ID).apply());
    }
    return edit.apply();
  }

  static RawJson params(Interest interest) {
    List<String> filter = new ArrayList<>();
    for (ListKind kind : interest.lists()) {
      filter.add(
          switch (kind) {
            case TOOLS -> "\"toolsListChanged\":true";
            case PROMPTS -> "\"promptsListChanged\":true";
            case RESOURCES -> "\"resourcesListChanged\":true";
          });
    }
    if (!interest.uris().isEmpty()) {
      List<String> uris = interest.uris().stream().sorted().map(JsonText::quote).toList();
      filter.add("\"resourceSubscriptions\":[" + String.join(",", uris) + "]");
    }
    return RawJson.of("{\"notifications\":{" + String.join(",", filter) + "}}");
  }
}
