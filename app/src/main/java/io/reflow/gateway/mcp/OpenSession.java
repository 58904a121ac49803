package io.reflow.gateway.mcp;

import io.reflow.gateway.fault.GatewayException.InvalidParams;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.fault.GatewayException.NotFound;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.policy.Decision.Allowed;
import io.reflow.gateway.policy.Decision.Denied;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.session.Sessions;
import io.reflow.gateway.session.SseConnection;
import io.reflow.gateway.session.SseConnections;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Targets;
import java.util.Optional;

/// Finds the session that the message belongs to; `initialize` opens one. In the stateless era the
/// message is all there is.
///
/// See
/// <https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management>
final class OpenSession implements Stage<Call.Understood, Call.InSession> {

  /// What is offered to a client that asks for a revision of no `initialize` era, or for none
  /// known.
  static final ProtocolVersion LATEST = ProtocolVersion.V2025_11_25;

  private final Sessions sessions;
  private final SseConnections connections;
  private final Targets targets;
  private final Visibility visibility;

  OpenSession(
      Sessions sessions, SseConnections connections, Targets targets, Visibility visibility) {
    this.sessions = sessions;
    this.connections = connections;
    this.targets = targets;
    this.visibility = visibility;
  }

  @Override
  public Call.InSession apply(Call.Understood call) {
    Identity caller = call.call().caller().identity();
    Incoming http = call.call().received().http();
    Optional<SseConnection> connection = connection(http, caller);
    Optional<String> target = connection.isPresent() ? connection.get().target() : http.target();
    requireVisible(call.trail(), caller, target);
    if (call.claims().isPresent()) {
      return inSession(single(call.claims().get(), caller, target), false, call);
    }
    boolean opens =
        call.message().orElse(null) instanceof Message.Request(var _, var method, var _)
            && method.equals("initialize");
    return inSession(
        opens ? open(call, caller, target, connection) : find(call, caller, target, connection),
        opens,
        call);
  }

  /// The connection of the oldest transport that the answer is for. From here on whatever becomes
  /// of the message is told there.
  private Optional<SseConnection> connection(Incoming http, Identity caller) {
    Optional<SseConnection> connection =
        http.carrier()
            .connection()
            .map(id -> connections.find(id, caller).orElseThrow(Session::ended));
    connection.ifPresent(found -> {
      http.events().over(found.stream());
      http.carrier().taken().run();
    });
    return connection;
  }

  private static Call.InSession inSession(Session session, boolean opens, Call.Understood call) {
    call.trail().session(session);
    call.call().received().http().events().belongsTo(session, call.requests());
    return new Call.InSession(session, opens, call);
  }

  private Session single(Claims claims, Identity caller, Optional<String> target) {
    return sessions.single(
        caller,
        claims.version(),
        claims.client(),
        claims.capabilities(),
        claims.logLevel(),
        target);
  }

  /// Refuses a path whose target the caller does not see.
  void requireVisible(AuditTrail trail, Identity caller, Optional<String> target) {
    target.ifPresent(name -> requireVisible(trail, caller, name));
  }

  /// A target that is unknown, disabled or hidden from the caller: no difference is to be seen.
  private void requireVisible(AuditTrail trail, Identity caller, String name) {
    Optional<Target> target = targets.findByName(name).filter(found -> found.enabled());
    if (target.isPresent()) {
      switch (visibility.decide(caller, target.get())) {
        case Allowed _ -> {
          return;
        }
        case Denied(var policy, var reason) -> {
          trail.target(target.get());
          trail.deniedBy(policy, reason);
        }
      }
    }
    throw new NotFound("there is no target '%s'".formatted(name));
  }

  private Session find(
      Call.Understood call,
      Identity caller,
      Optional<String> target,
      Optional<SseConnection> connection) {
    Incoming http = call.call().received().http();
    String id = connection.isPresent() ? idOn(connection.get()) : id(http);
    http.protocolVersion().ifPresent(OpenSession::requireSupported);
    Session session = sessions.find(id, caller, target).orElseThrow(Session::ended);
    if (!call.batch().isEmpty() && session.version() != ProtocolVersion.V2025_03_26) {
      throw new InvalidRequest(
          "only the revision 2025-03-26 has batches, and this session is of another");
    }
    return session;
  }

  private static String id(Incoming http) {
    return http.sessionId()
        .orElseThrow(() ->
            new InvalidRequest("the header Mcp-Session-Id is missing: begin with initialize"));
  }

  private static String idOn(SseConnection connection) {
    return connection
        .session()
        .map(session -> session.id().value())
        .orElseThrow(() -> new InvalidRequest("begin with initialize"));
  }

  private static void requireSupported(String version) {
    if (ProtocolVersion.find(version).filter(known -> !known.stateless()).isEmpty()) {
      throw new InvalidRequest(
          "the header MCP-Protocol-Version names '%s', which is not supported".formatted(version));
    }
  }

  private Session open(
      Call.Understood call,
      Identity caller,
      Optional<String> target,
      Optional<SseConnection> connection) {
    if (call.call().received().http().carrier().batched()) {
      throw new InvalidRequest("initialize can't be part of a batch");
    }
    if (connection.flatMap(SseConnection::session).isPresent()) {
      throw new InvalidRequest("this connection has a session already");
    }
    Session session = open(call, caller, target);
    connection.ifPresent(found -> connections.carry(found, session));
    return session;
  }

  private Session open(Call.Understood call, Identity caller, Optional<String> target) {
    var request = (Message.Request) call.message().orElseThrow();
    JsonObject params = request.params();
    String wanted =
        params
            .text("protocolVersion")
            .orElseThrow(() -> new InvalidParams("params.protocolVersion must be a string"));
    ProtocolVersion version =
        ProtocolVersion.find(wanted).filter(known -> !known.stateless()).orElse(LATEST);
    return sessions.open(caller, version, client(params), capabilities(params), target);
  }

  private static Session.Client client(JsonObject params) {
    RawJson info = requireObject(params, "clientInfo");
    try {
      return Session.Client.of(MessageReader.readObject(info));
    } catch (MalformedMessage e) {
      throw new InvalidParams("params.clientInfo: " + e.why());
    }
  }

  private static ClientCapabilities capabilities(JsonObject params) {
    try {
      return ClientCapabilities.read(requireObject(params, "capabilities"));
    } catch (MalformedMessage e) {
      throw new InvalidParams("params.capabilities: " + e.why());
    }
  }

  private static RawJson requireObject(JsonObject params, String name) {
    return params
        .value(name)
        .filter(value -> value.array()[value.from()] == '{')
        .orElseThrow(() -> new InvalidParams("params.%s must be an object".formatted(name)));
  }
}
