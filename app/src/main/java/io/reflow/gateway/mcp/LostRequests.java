package io.reflow.gateway.mcp;

import io.reflow.gateway.audit.AuditOutcome;
import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.protocol.ErrorCode;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.LostAnswer;
import java.util.List;

/// What becomes of a request that was passed on to a replica which then gave no answer. Nobody
/// knows whether it took effect: it is not tried again, its client hears so, and there is a row
/// about it here, since the other replica may never write one.
final class LostRequests {

  private static final String POST = "POST";

  private final Records records;

  LostRequests(Records records) {
    this.records = records;
  }

  /// Records that the other replica went away.
  ///
  /// @param verb the HTTP method
  /// @param trail knows the caller
  /// @return what the client is told, for each request to which it waits for an answer
  List<RawJson> wentAway(String verb, byte[] body, AuditTrail trail) {
    List<RawJson> answers =
        verb.equals(POST) ? requests(body).stream().map(LostAnswer::to).toList() : List.of();
    int size = answers.stream().mapToInt(RawJson::length).sum();
    record(LostAnswer.REASON, verb, body, trail, size);
    return answers;
  }

  /// Records that nobody could be found to answer a request.
  ///
  /// @param verb the HTTP method
  /// @param trail knows the caller
  void unanswered(String reason, String verb, byte[] body, AuditTrail trail) {
    record(reason, verb, body, trail, 0);
  }

  /// Records that the client left before anybody was found to answer.
  ///
  /// @param verb the HTTP method
  /// @param trail knows the caller
  void left(String verb, byte[] body, AuditTrail trail) {
    trail.method(method(verb, body));
    trail.requestBytes(body.length);
    records.add(trail, AuditOutcome.CANCELLED, 0);
  }

  private void record(String reason, String verb, byte[] body, AuditTrail trail, int answerBytes) {
    trail.method(method(verb, body));
    trail.requestBytes(body.length);
    trail.errorCode(ErrorCode.INTERNAL_ERROR.value());
    trail.failed(reason);
    records.add(trail, AuditOutcome.FAILED, answerBytes);
  }

  private static List<RawJson> requests(byte[] body) {
    try {
      if (Batch.is(body)) {
        return Batch.requests(Batch.split(body));
      }
      return MessageReader.read(body, 0, body.length) instanceof Message.Request request
          ? List.of(request.id())
          : List.of();
    } catch (MalformedMessage | GatewayException _) {
      return List.of();
    }
  }

  private static String method(String verb, byte[] body) {
    return switch (verb) {
      case "GET" -> "session/stream";
      case "DELETE" -> "session/close";
      default -> Batch.is(body) ? "batch" : method(body);
    };
  }

  private static String method(byte[] body) {
    try {
      return switch (MessageReader.read(body, 0, body.length)) {
        case Message.Request(var _, var method, var _) -> method;
        case Message.Notification(var method, var _) -> method;
        case Message.Result _, Message.Failure _ -> "response";
      };
    } catch (MalformedMessage _) {
      return "";
    }
  }
}
