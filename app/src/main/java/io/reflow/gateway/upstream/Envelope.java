package io.reflow.gateway.upstream;

import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.RawJson;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Writes JSON-RPC messages for targets: one line each, without its end, since line breaks between
/// tokens mean nothing and a line break inside a string is never raw.
public final class Envelope {

  private Envelope() {}

  public static byte[] request(long id, String method, RawJson params) {
    return join(
        "{\"jsonrpc\":\"2.0\",\"id\":"
            + id
            + ",\"method\":"
            + JsonText.quote(method)
            + ",\"params\":",
        params);
  }

  public static byte[] notification(String method, RawJson params) {
    return join(
        "{\"jsonrpc\":\"2.0\",\"method\":%s,\"params\":".formatted(JsonText.quote(method)), params);
  }

  public static byte[] result(RawJson id, RawJson result) {
    return join("{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":".formatted(id), result);
  }

  public static byte[] error(RawJson id, RawJson error) {
    return join("{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":".formatted(id), error);
  }

  public static byte[] error(RawJson id, int code, String message) {
    return join(
        "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":".formatted(id),
        RawJson.of("{\"code\":%d,\"message\":%s}".formatted(code, JsonText.quote(message))));
  }

  /// The `notifications/cancelled` for a request of ours.
  public static byte[] cancelled(long id, String reason) {
    return notification(
        "notifications/cancelled",
        RawJson.of("{\"requestId\":%d,\"reason\":%s}".formatted(id, JsonText.quote(reason))));
  }

  private static byte[] join(String head, RawJson value) {
    byte[] start = head.getBytes(StandardCharsets.UTF_8);
    byte[] message = Arrays.copyOf(start, start.length + value.length() + 1);
    System.arraycopy(value.array(), value.from(), message, start.length, value.length());
    message[message.length - 1] = '}';
    return withoutLineBreaks(message, start.length);
  }

  private static byte[] withoutLineBreaks(byte[] message, int from) {
    int to = from;
    for (int i = from; i < message.length; i++) {
      if (message[i] != '\n' && message[i] != '\r') {
        message[to++] = message[i];
      }
    }
    return to == message.length ? message : Arrays.copyOf(message, to);
  }
}
