package io.reflow.gateway.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// What the echo servers say: the same few answers, whatever the transport.
final class Echo {

  private static final int TOOLS = 10;

  /// The result of each call: about 2 KB, with text and structure.
  static final String RESULT = result();

  static final String TOOL_LIST = toolList();

  private static final String INITIALIZED =
      """
      {"protocolVersion":"2025-11-25","capabilities":{"tools":{}},\
      "serverInfo":{"name":"echo","version":"1"}}\
      """;

  private Echo() {}

  private static String result() {
    String items =
        IntStream.range(0, 14)
            .mapToObj(
                """
                {"id":%1$d,"name":"item number %1$d","state":"open","score":%1$d.25,\
                "labels":["first","second"],"note":"a line of text"}\
                """
                    ::formatted)
            .collect(Collectors.joining(","));
    return """
    {"content":[{"type":"text","text":"%s"}],"structuredContent":{"items":[%s]},"isError":false}\
    """
        .formatted("Fourteen items, \\\"as they are\\\". ".repeat(4), items);
  }

  private static String toolList() {
    String others =
        IntStream.range(1, TOOLS).mapToObj(i -> tool("tool_" + i)).collect(Collectors.joining(","));
    return "{\"tools\":[%s,%s]}".formatted(tool("echo"), others);
  }

  private static String tool(String name) {
    return """
    {"name":"%s","description":"Says the same thing again and again, to whoever asks.",\
    "inputSchema":{"type":"object","properties":{"query":{"type":"string"},\
    "limit":{"type":"integer"}},"required":["query"]}}\
    """
        .formatted(name);
  }

  /// How many tools an echo server has.
  static int tools() {
    return TOOLS;
  }

  /// The answer to a request; an empty one to a notification.
  static byte[] answer(String method, String id) {
    return switch (method) {
      case "tools/call" -> message(id, RESULT);
      case "tools/list" -> message(id, TOOL_LIST);
      case "initialize" -> message(id, INITIALIZED);
      default -> message(id, "{}");
    };
  }

  private static byte[] message(String id, String result) {
    return "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}".formatted(id, result).getBytes(UTF_8);
  }
}
