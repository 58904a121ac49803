package io.reflow.gateway.mcp;

import io.reflow.gateway.protocol.ErrorCode;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.SessionId;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// Puts JSON-RPC responses together; the payload is copied once, as it came.
final class Replies {

  private static final byte[] HEAD = bytes("{\"jsonrpc\":\"2.0\",\"id\":");
  private static final byte[] RESULT = bytes(",\"result\":");
  private static final byte[] ERROR = bytes(",\"error\":");

  private Replies() {}

  static Reply.Answer result(RawJson id, RawJson result) {
    return new Reply.Answer(message(id, RESULT, result), Optional.empty());
  }

  static Reply.Answer opened(RawJson id, RawJson result, SessionId session) {
    return new Reply.Answer(message(id, RESULT, result), Optional.of(session));
  }

  /// A target's own error, unchanged.
  static Reply.Answer failure(RawJson id, RawJson error, AuditTrail trail) {
    note(error, trail);
    return new Reply.Answer(message(id, ERROR, error), Optional.empty());
  }

  static RawJson error(RawJson id, RawJson error) {
    return message(id, ERROR, error);
  }

  private static void note(RawJson error, AuditTrail trail) {
    int code = ErrorCode.INTERNAL_ERROR.value();
    try {
      String text =
          MessageReader.readObject(error).value("code").orElse(RawJson.of("0")).toString();
      code = Integer.parseInt(text);
    } catch (MalformedMessage | NumberFormatException _) {
      trail.failed("the target answered an error without a code");
    }
    trail.failed("the target answered error " + code);
    trail.errorCode(code);
  }

  private static RawJson message(RawJson id, byte[] member, RawJson value) {
    byte[] message = new byte[HEAD.length + id.length() + member.length + value.length() + 1];
    int at = copy(HEAD, 0, HEAD.length, message, 0);
    at = copy(id.array(), id.from(), id.length(), message, at);
    at = copy(member, 0, member.length, message, at);
    at = copy(value.array(), value.from(), value.length(), message, at);
    message[at] = '}';
    return new RawJson(message, 0, message.length);
  }

  private static int copy(byte[] source, int from, int length, byte[] target, int at) {
    System.arraycopy(source, from, target, at, length);
    return at + length;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
