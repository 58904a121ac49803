package io.reflow.gateway.mcp;

import io.reflow.gateway.config.McpConfig;
import io.reflow.gateway.mcp.Way.Wanted;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.telemetry.Propagation;
import io.reflow.gateway.upstream.ParamsIndex;
import io.reflow.gateway.upstream.UpstreamCall;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/// A client's request as it goes upstream: under the target's own names, with a progress token of
/// the gateway's, without what was meant for the gateway. Everything else stays as it came.
final class Outgoing {

  private static final AtomicLong PROGRESS_TOKENS = new AtomicLong();

  /// Keys of `_meta` that speak of the connection to the gateway, not of the call.
  private static final Set<String> HOP_KEYS =
      Set.of(
          "io.modelcontextprotocol/protocolVersion",
          "io.modelcontextprotocol/clientInfo",
          "io.modelcontextprotocol/clientCapabilities",
          "io.modelcontextprotocol/logLevel",
          "io.modelcontextprotocol/subscriptionId",
          "io.modelcontextprotocol/related-task");

  private static final String PROGRESS_TOKEN = "progressToken";

  private final Optional<RawJson> clientProgressToken;
  private final UpstreamCall call;

  /// A request for the target that has what is wanted.
  ///
  /// @param spoken the revision that the target speaks
  /// @param headers of the client that are for the target
  /// @param trace that the target may go on with
  Outgoing(
      Message.Request request,
      Wanted wanted,
      String upstreamName,
      ProtocolVersion spoken,
      McpConfig.Timeouts timeouts,
      Map<String, String> headers,
      Propagation trace) {
    JsonObject params = request.params();
    JsonObject meta = params.object("_meta");
    this.clientProgressToken = meta.value(PROGRESS_TOKEN);
    OptionalLong token =
        clientProgressToken.isPresent()
            ? OptionalLong.of(PROGRESS_TOKENS.incrementAndGet())
            : OptionalLong.empty();
    var edit = new JsonObjectEdit(params);
    rename(edit, params, wanted, upstreamName);
    if (completes(wanted) && spoken.compareTo(ProtocolVersion.V2025_06_18) < 0) {
      edit.drop("context");
    }
    // Only the upstream itself may answer what a target has asked, and name the state it is in.
    edit.drop("inputResponses").drop("requestState");
    editMeta(meta, token, trace).ifPresent(changed -> edit.set("_meta", changed));
    JsonObjectEdit.Found edited = edit.applyAndFind("_meta");
    this.call =
        new UpstreamCall(
            request.method(),
            edited.whole(),
            new ParamsIndex(Optional.of(upstreamName), edited.value()),
            token,
            timeouts.callIdle(),
            timeouts.callMax(),
            headers,
            trace);
  }

  private static void rename(
      JsonObjectEdit edit, JsonObject params, Wanted wanted, String upstreamName) {
    switch (wanted.kind()) {
      case TOOL -> {
        renameUnlessEqual(edit, "name", wanted, upstreamName);
        edit.drop("task");
        if (params.find("arguments").isEmpty()) {
          // Many servers fail without it, although the specification lets clients leave it out.
          edit.set("arguments", RawJson.EMPTY_OBJECT);
        }
      }
      case PROMPT -> renameUnlessEqual(edit, "name", wanted, upstreamName);
      case RESOURCE -> renameUnlessEqual(edit, "uri", wanted, upstreamName);
      case PROMPT_COMPLETION -> renameReference(edit, params, "name", wanted, upstreamName);
      case TEMPLATE_COMPLETION -> renameReference(edit, params, "uri", wanted, upstreamName);
    }
  }

  private static boolean completes(Wanted wanted) {
    return switch (wanted.kind()) {
      case PROMPT_COMPLETION, TEMPLATE_COMPLETION -> true;
      case TOOL, PROMPT, RESOURCE -> false;
    };
  }

  private static void renameUnlessEqual(
      JsonObjectEdit edit, String member, Wanted wanted, String upstreamName) {
    if (!wanted.exposed().equals(upstreamName)) {
      edit.set(member, JsonText.string(upstreamName));
    }
  }

  private static void renameReference(
      JsonObjectEdit edit, JsonObject params, String member, Wanted wanted, String upstreamName) {
    var reference = new JsonObjectEdit(params.object("ref"));
    renameUnlessEqual(reference, member, wanted, upstreamName);
    if (reference.changesAnything()) {
      edit.set("ref", reference.apply());
    }
  }

  private static Optional<RawJson> editMeta(
      JsonObject meta, OptionalLong token, Propagation trace) {
    if (meta.members().isEmpty() && token.isEmpty() && trace.equals(Propagation.NONE)) {
      return Optional.empty();
    }
    var edit = new JsonObjectEdit(meta);
    HOP_KEYS.forEach(edit::drop);
    edit.drop("baggage");
    if (trace.traced()) {
      // It has another parent from here on.
      edit.drop("traceparent").drop("tracestate");
    }
    trace.each((name, value) -> edit.set(name, JsonText.string(value)));
    token.ifPresent(number -> edit.set(PROGRESS_TOKEN, RawJson.of(Long.toString(number))));
    return edit.changesAnything() ? Optional.of(edit.apply()) : Optional.empty();
  }

  /// What the client calls the progress of this request, if it wants to hear of it.
  Optional<RawJson> clientProgressToken() {
    return clientProgressToken;
  }

  UpstreamCall call() {
    return call;
  }
}
