package io.reflow.gateway.upstream;

import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.RawJson;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/// Writes JSON-RPC messages for targets: one line each, without its end, since line breaks between
/// tokens mean nothing and a line break inside a string is never raw.
public final class Envelope {

  private Envelope() {}

  public static byte[] request(long id, String method, RawJson params) {
    return join(head(id, method), params);
  }

  private static String head(long id, String method) {
    return "{\"jsonrpc\":\"2.0\",\"id\":"
        + id
        + ",\"method\":"
        + JsonText.quote(method)
        + ",\"params\":";
  }

  /// A request with `context` among the members of `params._meta`.
  ///
  /// @param meta the value of `_meta`, a view into the bytes of `params`
  /// @param context members of an object, separated by commas
  public static byte[] request(
      long id, String method, RawJson params, Optional<RawJson> meta, byte[] context) {
    byte[] start = utf8(head(id, method));
    boolean into = meta.filter(Envelope::isObject).isPresent();
    // Behind the brace of `_meta`, in place of what is no object, or before the last brace of all.
    int cut = meta.isEmpty() ? params.to() - 1 : into ? meta.get().from() + 1 : meta.get().from();
    int resume = meta.isEmpty() || into ? cut : meta.get().to();
    byte[] before = utf8(meta.isPresent() ? into ? "" : "{" : lead(params));
    byte[] after = utf8(into ? isEmptyFrom(params, cut) ? "" : "," : "}");
    var out =
        ByteBuffer.allocate(
            start.length + params.length() + before.length + context.length + after.length + 1);
    out.put(start).put(params.array(), params.from(), cut - params.from());
    out.put(before).put(context).put(after);
    out.put(params.array(), resume, params.to() - resume).put((byte) '}');
    byte[] message = out.hasRemaining() ? Arrays.copyOf(out.array(), out.position()) : out.array();
    return withoutLineBreaks(message, start.length);
  }

  private static String lead(RawJson params) {
    return (isEmptyFrom(params, params.from() + 1) ? "" : ",") + "\"_meta\":{";
  }

  /// Whether the object ends here, but for white space.
  private static boolean isEmptyFrom(RawJson params, int at) {
    int i = at;
    while (params.array()[i] == ' '
        || params.array()[i] == '\t'
        || params.array()[i] == '\n'
        || params.array()[i] == '\r') {
      i++;
    }
    return params.array()[i] == '}';
  }

  private static boolean isObject(RawJson value) {
    return value.array()[value.from()] == '{';
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
    byte[] start = utf8(head);
    byte[] message = Arrays.copyOf(start, start.length + value.length() + 1);
    System.arraycopy(value.array(), value.from(), message, start.length, value.length());
    message[message.length - 1] = '}';
    return withoutLineBreaks(message, start.length);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] withoutLineBreaks(byte[] message, int from) {
    int to = from;
    while (to < message.length && message[to] != '\n' && message[to] != '\r') {
      to++;
    }
    for (int i = to; i < message.length; i++) {
      if (message[i] != '\n' && message[i] != '\r') {
        message[to++] = message[i];
      }
    }
    return to == message.length ? message : Arrays.copyOf(message, to);
  }
}
