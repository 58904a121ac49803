package io.reflow.gateway.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.Map;

/// A whole HTTP request as bytes, and the body of the one right answer to it.
///
/// @param request direct and ready to be read
/// @param answer direct and ready to be read
record Question(ByteBuffer request, ByteBuffer answer) {

  /// A `tools/call` of the usual size.
  static String call(int id, String tool) {
    return """
    {"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"%s","arguments":{\
    "query":"all that is open, with a few words more to have a request of usual size",\
    "limit":20,"filters":{"state":"open","labels":["first","second"]},\
    "note":"three hundred bytes are what an agent's call has"}}}\
    """
        .formatted(id, tool);
  }

  static String list(int id) {
    return """
    {"jsonrpc":"2.0","id":%d,"method":"tools/list","params":{}}\
    """
        .formatted(id);
  }

  /// A message for an MCP endpoint.
  static Question of(Map<String, String> headers, String message, byte[] answer) {
    byte[] body = message.getBytes(UTF_8);
    var head =
        new StringBuilder(
            """
            POST /mcp HTTP/1.1\r
            Host: 127.0.0.1\r
            Content-Type: application/json\r
            Accept: application/json, text/event-stream\r
            """);
    headers.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    head.append("Content-Length: ").append(body.length).append("\r\n\r\n");
    return new Question(direct(head.toString().getBytes(UTF_8), body), direct(answer, new byte[0]));
  }

  private static ByteBuffer direct(byte[] first, byte[] second) {
    return ByteBuffer.allocateDirect(first.length + second.length).put(first).put(second).flip();
  }
}
