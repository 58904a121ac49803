package io.reflow.gateway.mcp;

import io.reflow.gateway.fault.GatewayException.HeaderMismatch;
import io.reflow.gateway.fault.GatewayException.IncompleteEnvelope;
import io.reflow.gateway.fault.GatewayException.InvalidParams;
import io.reflow.gateway.fault.GatewayException.MethodNotFound;
import io.reflow.gateway.fault.GatewayException.UnsupportedVersion;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.HeaderText;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Session;
import java.util.Optional;
import java.util.Set;

/// Tells by the message itself which era of the protocol it is of, and checks that the headers of
/// the stateless era say the same as the body. The order of the checks is part of the protocol: the
/// first that fails decides what the client hears.
///
/// See
/// <https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#server-validation>
final class Classifier {

  private static final String PREFIX = "io.modelcontextprotocol/";
  private static final String VERSION = PREFIX + "protocolVersion";
  private static final String CAPABILITIES = PREFIX + "clientCapabilities";
  private static final String CLIENT = PREFIX + "clientInfo";
  private static final String LOG_LEVEL = PREFIX + "logLevel";

  /// What a stateless client may ask for; what earlier revisions had besides is gone.
  private static final Set<String> METHODS =
      Set.of(
          "server/discover",
          "tools/list",
          "tools/call",
          "prompts/list",
          "prompts/get",
          "resources/list",
          "resources/templates/list",
          "resources/read",
          "completion/complete",
          StatelessListen.METHOD);

  private Classifier() {}

  /// Whether the message is of the stateless era. What the body claims decides; a header decides
  /// only where it names no revision of the `initialize` era.
  static boolean stateless(Message message, Optional<String> versionHeader) {
    return switch (message) {
      case Message.Request(var _, var method, var params) ->
          claims(params) || (!method.equals("initialize") && namesNoSession(versionHeader));
      case Message.Notification(var _, var params) ->
          claims(params) || namesNoSession(versionHeader);
      case Message.Result _, Message.Failure _ -> false;
    };
  }

  private static boolean claims(JsonObject params) {
    return params.object("_meta").find(VERSION).isPresent();
  }

  private static boolean namesNoSession(Optional<String> versionHeader) {
    return versionHeader.isPresent()
        && ProtocolVersion.find(versionHeader.get()).map(ProtocolVersion::stateless).orElse(true);
  }

  /// What a stateless message says of its client, once its headers and its method are as they must
  /// be.
  static Claims claims(Message message, Incoming http) {
    return message instanceof Message.Request request ? claims(request, http) : Claims.NONE;
  }

  private static Claims claims(Message.Request request, Incoming http) {
    JsonObject meta = request.params().object("_meta");
    ProtocolVersion version = version(meta, http);
    ClientCapabilities capabilities = capabilities(meta);
    requireHeader(http, "Mcp-Method", request.method());
    if (!METHODS.contains(request.method())) {
      throw new MethodNotFound("Method not found: " + Refusals.quoted(request.method()));
    }
    requireName(request, http);
    return new Claims(version, client(meta), capabilities, logLevel(meta));
  }

  private static ProtocolVersion version(JsonObject meta, Incoming http) {
    String claimed = meta.text(VERSION).orElseThrow(() -> noClaim(http));
    if (!http.protocolVersion().equals(Optional.of(claimed))) {
      throw mismatch("MCP-Protocol-Version");
    }
    Optional<ProtocolVersion> known = ProtocolVersion.find(claimed);
    return known
        .filter(ProtocolVersion::stateless)
        .orElseThrow(() ->
            new UnsupportedVersion(
                Refusals.quoted(claimed),
                // A client that hears of the revision it has just tried would try it for ever.
                ProtocolVersion.newestFirst().stream()
                    .filter(name -> known.isEmpty() || stateless(name))
                    .toList()));
  }

  private static IncompleteEnvelope noClaim(Incoming http) {
    return new IncompleteEnvelope(
        "params._meta lacks the text %s, and there are no sessions of '%s'"
            .formatted(VERSION, Refusals.quoted(http.protocolVersion().orElse(""))));
  }

  private static boolean stateless(String version) {
    return ProtocolVersion.find(version).map(ProtocolVersion::stateless).orElse(false);
  }

  private static ClientCapabilities capabilities(JsonObject meta) {
    RawJson declared =
        meta.value(CAPABILITIES)
            .filter(value -> value.array()[value.from()] == '{')
            .orElseThrow(
                () -> new IncompleteEnvelope("params._meta lacks the object " + CAPABILITIES));
    try {
      return ClientCapabilities.read(declared);
    } catch (MalformedMessage e) {
      throw new IncompleteEnvelope("params._meta, %s: %s".formatted(CAPABILITIES, e.why()));
    }
  }

  private static void requireName(Message.Request request, Incoming http) {
    switch (request.method()) {
      case "tools/call", "prompts/get" -> requireName(request.params().text("name"), http);
      case "resources/read" -> requireName(request.params().text("uri"), http);
      default -> {}
    }
  }

  private static void requireName(Optional<String> name, Incoming http) {
    Optional<String> header = http.headers().find("Mcp-Name").flatMap(HeaderText::decode);
    if (header.isEmpty() || !header.equals(name)) {
      throw mismatch("Mcp-Name");
    }
  }

  private static void requireHeader(Incoming http, String header, String value) {
    if (!http.headers().find(header).equals(Optional.of(value))) {
      throw mismatch(header);
    }
  }

  private static HeaderMismatch mismatch(String header) {
    return new HeaderMismatch("the header %s is not what the body says".formatted(header));
  }

  /// Nothing depends on it, so that nothing is wrong with it either.
  private static Session.Client client(JsonObject meta) {
    return meta.value(CLIENT)
        .filter(value -> value.array()[value.from()] == '{')
        .flatMap(Classifier::client)
        .orElse(Session.Client.UNKNOWN);
  }

  private static Optional<Session.Client> client(RawJson info) {
    try {
      return Optional.of(Session.Client.of(MessageReader.readObject(info)));
    } catch (MalformedMessage _) {
      return Optional.empty();
    }
  }

  private static Optional<LogLevel> logLevel(JsonObject meta) {
    if (meta.find(LOG_LEVEL).isEmpty()) {
      return Optional.empty();
    }
    Optional<LogLevel> level = meta.text(LOG_LEVEL).flatMap(LogLevel::find);
    if (level.isEmpty()) {
      throw new InvalidParams("params._meta, %s: there is no such level".formatted(LOG_LEVEL));
    }
    return level;
  }
}
