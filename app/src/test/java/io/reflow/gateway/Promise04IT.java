package io.reflow.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.TestGateway;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Promise 4, nothing is lost on the way: what a target sends comes down byte for byte but for
/// names and ids, and what a client sends goes up so.
class Promise04IT {

  private static final String ODD =
      "{\"z\":1.0,\"a\":[1e400,-0,0.10,12345678901234567890.5,1E+2],\"unknown\":{\"_x\":null},"
          + "\"text\":\"é \\u00e9 \\/ \\\" 😀 \\ud83d\\ude00\", \"spaces\" : [ 1 , 2 ] ,"
          + "\"\":{},\"same\":[],\"_meta\":{\"com.example/x\":1.50,\"progress\":true}}";

  private static final String RESULT =
      "{\"structuredContent\":"
          + ODD
          + ",\"content\":[{\"type\":\"text\",\"text\":\"a\",\"annotations\":{\"priority\":1.0,"
          + "\"audience\":[\"user\"]}},{\"type\":\"resource_link\",\"uri\":\"x://y\",\"name\":\"n\","
          + "\"icons\":[{\"src\":\"https://example.com/i.png\",\"sizes\":[\"48x48\"]}]},"
          + "{\"type\":\"from-the-future\",\"value\":1.00}],\"isError\":false,\"_meta\":"
          + ODD
          + ",\"later\":0.0}";

  private static final String TOOL =
      "{\"inputSchema\":{\"type\":\"object\",\"maximum\":1.0,\"x-odd\":"
          + ODD
          + "},\"title\":\"odd"
          + " tool\",\"name\":\"NAME\",\"annotations\":{\"title\":\"odd\",\"new\":1},"
          + "\"icons\":[],\"_meta\":"
          + ODD
          + ",\"later\":0.0}";

  private static FakeMcpServer web;
  private static TestGateway gateway;
  private static McpTestClient client;

  @BeforeAll
  static void start() {
    web = new FakeMcpServer();
    web.answer("tools/list", "{\"tools\":[" + TOOL.replace("NAME", "odd") + "," + echo() + "]}");
    web.answer(
        "resources/list", "{\"resources\":[{\"uri\":\"odd://1\",\"size\":1.0,\"x\":" + ODD + "}]}");
    web.answer("resources/templates/list", "{\"resourceTemplates\":[]}");
    web.answer(
        "resources/read", "{\"contents\":[{\"uri\":\"odd://1\",\"text\":\"\",\"x\":" + ODD + "}]}");
    web.answer("odd", RESULT);
    gateway = TestGateway.start();
    gateway.target("web", web);
    gateway.target("child", StdioServer.command("echo"));
    client = gateway.client(gateway.adminToken()).initialize();
  }

  private static String echo() {
    return List.of("echo", "fail", "streamed").stream()
        .map("{\"name\":\"%s\",\"inputSchema\":{}}"::formatted)
        .collect(Collectors.joining(","));
  }

  @AfterAll
  static void stop() {
    gateway.close();
    web.close();
  }

  private static String resultText(Reply reply) {
    String body = reply.body();
    return body.substring(body.indexOf(",\"result\":") + 10, body.length() - 1);
  }

  private static Reply call(String tool, String arguments) {
    return client.post(
        "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"tools/call\",\"params\":"
            + "{\"name\":\"%s\",\"arguments\":%s}}".formatted(tool, arguments));
  }

  @Test
  void aResultComesDownAsItWas() {
    assertThat(resultText(call("web_odd", "{}"))).isEqualTo(RESULT);
    assertThat(resultText(client.request("resources/read", Map.of("uri", "odd://1"))))
        .isEqualTo("{\"contents\":[{\"uri\":\"odd://1\",\"text\":\"\",\"x\":" + ODD + "}]}");
  }

  @Test
  void aListedToolIsAsItWasButForItsName() {
    assertThat(client.request("tools/list", Map.of()).body())
        .contains(TOOL.replace("NAME", "web_odd"));
    assertThat(client.request("resources/list", Map.of()).body())
        .contains("{\"uri\":\"odd://1\",\"size\":1.0,\"x\":" + ODD + "}");
  }

  @Test
  void anErrorComesDownAsItWas() {
    assertThat(call("web_fail", "{}").body())
        .isEqualTo(
            "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"error\":"
                + "{\"code\":-32602,\"message\":\"no\",\"data\":{\"x\":1.0}}}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1",
        "0",
        "-7",
        "9007199254740993",
        "\"1\"",
        "\"\"",
        "\"é\\u00e9\\\"\"",
        "1234567890123456789012"
      })
  void theIdComesBackAsItWas(String id) {
    Reply reply =
        client.post(
            "{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\",\"params\":{\"name\":\"web_odd\"},"
                + "\"id\":"
                + id
                + "}");

    assertThat(reply.body()).startsWith("{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"result\":");
  }

  @Test
  void aStreamedResultIsTheSame() {
    web.script(
        "streamed",
        (exchange, request) -> {
          String id = TestGateway.parse(request).get("id").toString();
          exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
          exchange.sendResponseHeaders(200, 0);
          exchange
              .getResponseBody()
              .write(
                  ("data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":"
                          + "{\"progress\":1.0,\"x\":%s,\"progressToken\":%s}}\n\n"
                          + "data: {\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}\n\n")
                      .formatted(
                          ODD,
                          TestGateway.parse(request)
                              .get("params")
                              .get("_meta")
                              .get("progressToken"),
                          id,
                          RESULT)
                      .getBytes(UTF_8));
        });

    Reply reply =
        client.request(
            "tools/call", Map.of("name", "web_streamed", "_meta", Map.of("progressToken", "mine")));

    assertThat(reply.body())
        .contains("\"result\":" + RESULT + "}")
        .contains("{\"progress\":1.0,\"x\":" + ODD + ",\"progressToken\":\"mine\"}");
  }

  @Test
  void argumentsAndMetaGoUpAsTheyWere() {
    Reply reply =
        client.post(
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"new\":1.0,"
                + "\"_meta\":{\"com.example/k\":"
                + ODD
                + "},\"name\":\"web_odd\",\"arguments\":"
                + ODD
                + "}}");

    assertThat(reply.result()).isNotNull();
    String sent = web.received().getLast().body();
    assertThat(sent)
        .endsWith(
            "\"params\":{\"new\":1.0,\"_meta\":{\"com.example/k\":"
                + ODD
                + "},\"name\":\"odd\",\"arguments\":"
                + ODD
                + "}}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"web", "child"})
  void whateverGoesUpComesDown(String target) {
    var random = new Random(4);
    for (int i = 0; i < 200; i++) {
      String arguments = "{\"v\":" + json(random, 5) + "}";
      Reply reply = call(target + "_echo", arguments);
      assertThat(resultText(reply)).isEqualTo("{\"echo\":" + arguments + "}");
    }
  }

  private static String json(Random random, int depth) {
    return switch (random.nextInt(depth == 0 ? 5 : 7)) {
      case 0 -> List.of("true", "false", "null").get(random.nextInt(3));
      case 1 -> Long.toString(random.nextLong());
      case 2 -> random.nextInt(100) + "." + random.nextInt(100) + "0e" + random.nextInt(400);
      case 3 -> "\"" + "é\\n\\u0041😀<&".repeat(random.nextInt(3)) + random.nextInt() + "\"";
      case 4 -> List.of("-0", "0.0", "1E400", "{}", "[]", "\"\"").get(random.nextInt(6));
      case 5 ->
          IntStream.range(0, random.nextInt(5))
              .mapToObj(_ -> json(random, depth - 1))
              .collect(Collectors.joining(",", "[", "]"));
      default ->
          IntStream.range(0, random.nextInt(5))
              .mapToObj(
                  i -> "\"k%d%d\":%s".formatted(i, random.nextInt(9), json(random, depth - 1)))
              .collect(Collectors.joining(",", "{", "}"));
    };
  }
}
