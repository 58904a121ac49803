package io.reflow.gateway.mcp;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.fault.GatewayException.NotJson;
import io.reflow.gateway.mcp.flight.FlightHomes;
import io.reflow.gateway.protocol.ErrorCode;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.MessageReader;
import java.util.Optional;

/// Reads the one JSON-RPC message of the body, and tells which era it is of.
final class Understand implements Stage<Call.Known, Call.Understood> {

  private final FlightHomes homes;

  Understand(FlightHomes homes) {
    this.homes = homes;
  }

  @Override
  public Call.Understood apply(Call.Known call) {
    Incoming http = call.received().http();
    return switch (http.verb()) {
      case CLOSE -> {
        call.trail().method("session/close");
        yield new Call.Understood(Optional.empty(), Optional.empty(), call);
      }
      case LISTEN -> {
        call.trail().method("session/stream");
        yield new Call.Understood(Optional.empty(), Optional.empty(), call);
      }
      case CONNECT -> {
        call.trail().method("session/connect");
        yield new Call.Understood(Optional.empty(), Optional.empty(), call);
      }
      case MESSAGE -> {
        byte[] body = http.body().read();
        if (Batch.is(body) && !http.carrier().batched()) {
          call.trail().method("batch");
          yield new Call.Understood(Optional.empty(), Optional.empty(), Batch.split(body), call);
        }
        Message message = read(body, call);
        Optional<Claims> claims = claims(message, call);
        if (claims.isPresent()) {
          leaveToWhoHasTheCall(message, body, call);
        }
        yield new Call.Understood(Optional.of(message), claims, call);
      }
    };
  }

  /// What goes on with a call that waits at another replica is not looked at here any further.
  private void leaveToWhoHasTheCall(Message message, byte[] body, Call.Known call) {
    if (message instanceof Message.Request request) {
      request
          .params()
          .text("requestState")
          .ifPresent(state ->
              homes
                  .elsewhere(state, call.caller().identity().user())
                  .ifPresent(replica -> {
                    boolean patient = homes.repeatable(state);
                    throw new Incoming.Elsewhere(replica, body, Optional.empty(), patient);
                  }));
    }
  }

  private static Optional<Claims> claims(Message message, Call.Known call) {
    Incoming http = call.received().http();
    if (http.carrier().connection().isPresent()
        || !Classifier.stateless(message, http.protocolVersion())) {
      return Optional.empty();
    }
    if (http.carrier().batched()) {
      throw new InvalidRequest("a stateless message can't be part of a batch");
    }
    call.trail().stateless();
    return Optional.of(Classifier.claims(message, http));
  }

  private static Message read(byte[] body, Call.Known call) {
    AuditTrail trail = call.trail();
    trail.requestBytes(body.length);
    Message message;
    try {
      message = MessageReader.read(body, 0, body.length);
    } catch (MalformedMessage e) {
      throw e.code() == ErrorCode.PARSE_ERROR ? new NotJson(e.why()) : new InvalidRequest(e.why());
    }
    switch (message) {
      case Message.Request(var id, var method, var params) -> {
        trail.request(id);
        trail.method(method);
        trail.understood(params.object("_meta"));
      }
      case Message.Notification(var method, var params) -> {
        trail.method(method);
        trail.understood(params.object("_meta"));
      }
      case Message.Result _, Message.Failure _ -> {
        trail.method("response");
        trail.understood(JsonObject.EMPTY);
      }
    }
    return message;
  }
}
