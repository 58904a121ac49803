package io.reflow.gateway.mcp;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.InputRequest;
import io.reflow.gateway.upstream.PageAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;

/// What targets ask, in the form of the `inputRequests` of an answer to a stateless client.
///
/// See <https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr>
final class InputForClient {

  private final String target;
  private final Optional<String> label;
  private final ClientCapabilities client;

  /// @param label names the target to a user who may not know which one asks
  InputForClient(String target, Optional<String> label, ClientCapabilities client) {
    this.target = target;
    this.label = label;
    this.client = client;
  }

  /// What a suspended call has asked.
  String inputRequests(List<InputRequest> questions) {
    var members = new StringJoiner(",", "{", "}");
    for (InputRequest question : questions) {
      members.add(
          JsonText.quote(question.key()) + ":" + request(question.method(), question.params()));
    }
    return members.toString();
  }

  /// What a stateless target has asked, under its own keys.
  RawJson inputRequests(RawJson requests) {
    try {
      List<InputRequest> questions = new ArrayList<>();
      for (JsonObject.Member member : MessageReader.readObject(requests).members()) {
        JsonObject request = MessageReader.readObject(member.value());
        String method = request.text("method").orElse("");
        Optional<RawJson> given = request.value("params");
        JsonObject params =
            given.isPresent() ? MessageReader.readObject(given.get()) : JsonObject.EMPTY;
        requireDeclared(method, params);
        requireSafe(method, params);
        questions.add(new InputRequest(member.name(), method, params));
      }
      return RawJson.of(inputRequests(questions));
    } catch (MalformedMessage e) {
      throw new UpstreamFailed(target, "asked for input with garbage: " + e.why());
    }
  }

  private void requireSafe(String method, JsonObject params) {
    if (PageAddress.unsafe(method, params)) {
      throw new UpstreamFailed(target, "wants its user sent to a page that is not https");
    }
  }

  private void requireDeclared(String method, JsonObject params) {
    if (!client.allow(method, params)) {
      throw new UpstreamFailed(target, "asked for what the client has not declared");
    }
  }

  /// As the target wrote it, but for what belongs to its connection to the gateway.
  private String request(String method, JsonObject params) {
    var edit = new JsonObjectEdit(params).drop("task").drop("elicitationId");
    withoutToken(params).ifPresent(meta -> edit.set("_meta", meta));
    if (method.equals("elicitation/create")) {
      params
          .text("message")
          .flatMap(text -> label.map(name -> "[" + name + "] " + text))
          .ifPresent(text -> edit.set("message", JsonText.string(text)));
    }
    return "{\"method\":%s,\"params\":%s}".formatted(JsonText.quote(method), edit.apply());
  }

  private static Optional<RawJson> withoutToken(JsonObject params) {
    Optional<RawJson> meta = params.value("_meta");
    if (meta.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new JsonObjectEdit(MessageReader.readObject(meta.get())).drop("progressToken").apply());
    } catch (MalformedMessage _) {
      return Optional.of(RawJson.EMPTY_OBJECT);
    }
  }
}
