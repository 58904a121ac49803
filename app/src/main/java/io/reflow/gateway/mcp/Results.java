package io.reflow.gateway.mcp;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.upstream.Answer;
import java.util.Optional;

/// The one place where a result gets what clients of the stateless era want to see around its
/// payload.
final class Results {

  static final String SERVER_INFO = "io.modelcontextprotocol/serverInfo";

  private static final String RESULT_TYPE = "resultType";
  private static final String TTL = "ttlMs";
  private static final String SCOPE = "cacheScope";
  private static final RawJson COMPLETE = JsonText.string("complete");
  private static final RawJson PRIVATE = JsonText.string("private");
  private static final RawJson AT_ONCE = RawJson.of("0");
  private static final RawJson A_MINUTE = RawJson.of("60000");

  private final RawJson serverInfo;

  /// @param serverInfo the gateway's own
  Results(String serverInfo) {
    this.serverInfo = RawJson.of(serverInfo);
  }

  /// A result that the gateway made, in the form of the `initialize` era.
  RawJson own(Session session, String method, RawJson result) {
    return session.stateless() ? stamped(method, result) : result;
  }

  /// A result of a target, translated for the client already.
  RawJson of(Session session, String method, Answer.Result answer, String target) {
    if (!session.stateless()) {
      return answer.result();
    }
    try {
      return stamped(method, MessageReader.readObject(answer.result()));
    } catch (MalformedMessage e) {
      throw new UpstreamFailed(target, "answered with garbage: " + e.why());
    }
  }

  private RawJson stamped(String method, RawJson result) {
    try {
      return stamped(method, MessageReader.readObject(result));
    } catch (MalformedMessage e) {
      throw new IllegalStateException("the gateway has made a result that is none", e);
    }
  }

  private RawJson stamped(String method, JsonObject result) throws MalformedMessage {
    var edit = new JsonObjectEdit(result);
    boolean complete = result.text(RESULT_TYPE).map("complete"::equals).orElse(true);
    if (result.find(RESULT_TYPE).isEmpty()) {
      edit.set(RESULT_TYPE, COMPLETE);
    }
    if (complete && cacheable(method)) {
      setAbsent(edit, result, TTL, method.equals("server/discover") ? A_MINUTE : AT_ONCE);
      keepPrivate(edit, result, method);
    } else {
      edit.drop(TTL).drop(SCOPE);
    }
    edit.set("_meta", new JsonObjectEdit(meta(result)).set(SERVER_INFO, serverInfo).apply());
    return edit.apply();
  }

  private static boolean cacheable(String method) {
    return switch (method) {
      case "server/discover",
          "tools/list",
          "prompts/list",
          "resources/list",
          "resources/templates/list",
          "resources/read" ->
          true;
      default -> false;
    };
  }

  private static void setAbsent(
      JsonObjectEdit edit, JsonObject result, String name, RawJson value) {
    if (result.find(name).isEmpty()) {
      edit.set(name, value);
    }
  }

  /// What a resource holds is for who may read it, whatever its target says of it.
  private static void keepPrivate(JsonObjectEdit edit, JsonObject result, String method) {
    if (method.equals("resources/read") || result.find(SCOPE).isEmpty()) {
      edit.set(SCOPE, PRIVATE);
    }
  }

  private static JsonObject meta(JsonObject result) throws MalformedMessage {
    Optional<RawJson> meta =
        result.value("_meta").filter(value -> value.array()[value.from()] == '{');
    return meta.isPresent() ? MessageReader.readObject(meta.get()) : JsonObject.EMPTY;
  }
}
