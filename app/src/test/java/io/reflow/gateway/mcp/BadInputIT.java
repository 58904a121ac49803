package io.reflow.gateway.mcp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.CleanReply;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.RawClient;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Promise 9: whatever bytes a client sends as a message, it gets a clear refusal, and nothing
/// reaches a target.
class BadInputIT {

  private static final int LARGE = 100 * 1024 * 1024;

  private static FakeMcpServer web;
  private static TestGateway gateway;
  private McpTestClient client;

  @BeforeAll
  static void start() {
    web = new FakeMcpServer().list("echo", "silent");
    gateway = TestGateway.start();
    gateway.target("web", web);
    gateway.target("child", StdioServer.command("echo", "lines"));
  }

  @AfterAll
  static void stop() {
    gateway.close();
    web.close();
  }

  @BeforeEach
  void open() {
    client = gateway.client(gateway.adminToken()).initialize();
  }

  @AfterEach
  void closeSession() {
    assertThat(client.delete().status()).isEqualTo(204);
  }

  private Reply post(String body) {
    return CleanReply.check(client.post(body));
  }

  private static String call(String tool, String arguments) {
    return """
    {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"%s","arguments":%s}}\
    """
        .formatted(tool, arguments);
  }

  private static void assertError(Reply reply, int status, int code) {
    assertThat(reply.status()).as(reply.body()).isEqualTo(status);
    assertThat(reply.error().get("code").asInt()).as(reply.body()).isEqualTo(code);
    assertThat(reply.error().get("message").asText()).isNotBlank();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "nonsense",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"} x",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}{\"jsonrpc\":\"2.0\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"a\":\"x\ny\"}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"a\":NaN}}",
        "{\"jsonrpc\":\"2.0\",\"id\":01,\"method\":\"ping\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"a\":\"\\ud800\"}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"a\":\"\\udc00\\ud800\"}}",
        "\uFEFF{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}"
      })
  void whatIsNotJsonIsAParseError(String body) {
    assertError(post(body), 400, -32700);
  }

  @Test
  void brokenUtf8IsAParseError() {
    byte[] body = call("web_echo", "{\"x\":\"?\"}").getBytes(UTF_8);
    int at = new String(body, UTF_8).indexOf('?');
    for (int broken : List.of(0xFF, 0xC0, 0x80, 0xED, 0xF8)) {
      body[at] = (byte) broken;
      assertError(CleanReply.check(client.post(body)), 400, -32700);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "1",
        "\"ping\"",
        "[]",
        "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]",
        "{}",
        "{\"id\":1,\"method\":\"ping\"}",
        "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}",
        "{\"jsonrpc\":2.0,\"id\":1,\"method\":\"ping\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":null}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":[]}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":null}",
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1.0,\"method\":\"ping\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1e3,\"method\":\"ping\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"ping\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{},\"error\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"ping\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"Method\":\"tools/call\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":"
            + "{\"name\":\"web_echo\",\"name\":\"child_echo\"}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":"
            + "{\"name\":\"web_echo\",\"n\\u0061me\":\"child_echo\"}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":"
            + "{\"name\":\"web_echo\",\"_meta\":{\"progressToken\":1,\"progressToken\":2}}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"completion/complete\",\"params\":"
            + "{\"ref\":{\"type\":\"ref/prompt\",\"name\":\"a\",\"NAME\":\"b\"}}}"
      })
  void whatIsNoMessageIsAnInvalidRequest(String body) {
    int before = web.received().size();

    assertError(post(body), 400, -32600);
    assertThat(web.received()).hasSize(before);
  }

  @Test
  void deepNestingIsRefusedWhereverItIs() {
    String deep = "[".repeat(10_000) + "]".repeat(10_000);
    String objects = "{\"a\":".repeat(10_000) + "1" + "}".repeat(10_000);

    assertError(post(call("web_echo", deep)), 400, -32600);
    assertError(post(call("web_echo", objects)), 400, -32600);
    assertError(post(deep), 400, -32600);
    assertError(post(objects), 400, -32600);
    assertError(post("[".repeat(10_000)), 400, -32600);
  }

  @Test
  void anAnnouncedHugeBodyIsRefusedAtOnce() throws IOException {
    try (var raw = new RawClient(gateway.port())) {
      raw.send(head("Content-Length: " + LARGE));

      RawClient.Answer answer = raw.answer();

      assertThat(answer.status()).isEqualTo(413);
      CleanReply.check(answer.body());
    }
  }

  @Test
  void aStreamedHugeBodyIsRefusedToo() throws IOException {
    try (var raw = new RawClient(gateway.port())) {
      raw.send(head("Transfer-Encoding: chunked"));
      assertThat(statusAfter(raw, "100000\r\n" + "x".repeat(0x100000) + "\r\n")).isIn(0, 413);
    }
    assertThat(client.callTool("web_echo", Map.of()).status()).isEqualTo(200);
  }

  /// The status after 100 chunks; 0 when the gateway had enough and cut the connection.
  private static int statusAfter(RawClient raw, String chunk) {
    try {
      for (int i = 0; i < LARGE / 0x100000; i++) {
        raw.send(chunk);
      }
      return raw.send("0\r\n\r\n").answer().status();
    } catch (IOException e) {
      assertThat(e).hasMessageMatching("(?i).*(broken pipe|reset|no answer).*");
      return 0;
    }
  }

  private String head(String length) {
    return """
    POST /mcp HTTP/1.1\r
    Host: localhost\r
    Authorization: Bearer %s\r
    Mcp-Session-Id: %s\r
    Content-Type: application/json\r
    Accept: application/json, text/event-stream\r
    %s\r
    \r
    """
        .formatted(gateway.adminToken(), client.session().orElseThrow(), length);
  }

  @Test
  void othersContentTypesAreRefused() {
    String ping = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";

    for (String type : List.of("text/plain", "application/x-www-form-urlencoded", "text/json")) {
      Reply reply = CleanReply.check(client.post(ping, "Content-Type", type));
      assertThat(reply.status()).as(type).isEqualTo(415);
    }
    Reply withCharset = client.post(ping, "Content-Type", "application/json; charset=utf-8");
    assertThat(withCharset.status()).isEqualTo(200);
    assertError(post(""), 400, -32700);
  }

  @ParameterizedTest
  @ValueSource(strings = {"PUT", "PATCH", "HEAD", "TRACE", "OPTIONS"})
  void otherMethodsAreNotAllowed(String method) {
    Reply reply = client.send(method, BodyPublishers.noBody());

    assertThat(reply.status()).isEqualTo(405);
    assertThat(reply.header("allow").orElse("")).contains("GET", "POST", "DELETE");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tools/nothing",
        "",
        "initialise",
        "tasks/list",
        "sampling/createMessage",
        "rpc.x"
      })
  void unknownMethodsGoNowhere(String method) {
    int before = web.received().size();

    assertError(CleanReply.check(client.request(method, Map.of())), 200, -32601);
    assertThat(web.received()).hasSize(before);
  }

  @Test
  void unknownThingsAreNamed() {
    Reply tool = client.callTool("web_nothing", Map.of());
    assertError(tool, 200, -32602);
    assertThat(tool.error().get("message").asText()).isEqualTo("Unknown tool: web_nothing");
    assertError(client.callTool("nowhere_echo", Map.of()), 200, -32602);
    assertError(client.request("prompts/get", Map.of("name", "web_none")), 200, -32602);

    Reply resource = client.request("resources/read", Map.of("uri", "test://none"));
    assertError(resource, 200, -32002);
    assertThat(resource.error().get("data").get("uri").asText()).isEqualTo("test://none");
  }

  @Test
  void parametersOfTheWrongTypeAreNamed() {
    for (Map<String, ?> params :
        List.<Map<String, ?>>of(Map.of(), Map.of("name", 1), Map.of("name", List.of("web_echo")))) {
      Reply reply = CleanReply.check(client.request("tools/call", params));
      assertError(reply, 200, -32602);
      assertThat(reply.error().get("message").asText()).contains("'name'");
    }
    assertError(client.request("resources/read", Map.of("uri", 7)), 200, -32602);
    assertError(client.request("completion/complete", Map.of("ref", "x")), 200, -32602);
    assertError(client.request("logging/setLevel", Map.of("level", "loud")), 200, -32602);
    assertError(client.request("tools/list", Map.of("cursor", "made-up")), 200, -32602);
    assertError(client.request("tools/list", Map.of("cursor", "")), 200, -32602);
    assertError(client.request("tools/list", Map.of("cursor", 1)), 200, -32602);
  }

  @Test
  void anIdInUseIsRefused() throws ExecutionException, InterruptedException {
    int before = calls();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Reply> first =
          threads.submit(() -> client.request(77, "tools/call", Map.of("name", "web_silent")));
      UpstreamFixtures.await(() -> calls() == before + 1);

      assertError(client.request(77, "tools/call", Map.of("name", "web_echo")), 200, -32600);
      assertThat(client.request("77", "tools/call", Map.of("name", "web_echo")).result())
          .isNotNull();
      client.post(
          "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\","
              + "\"params\":{\"requestId\":77}}");
      assertThat(first.get().status()).isEqualTo(202);
    }
    assertThat(client.request(77, "tools/call", Map.of("name", "web_echo")).result()).isNotNull();
  }

  private static int calls() {
    return (int)
        web.received().stream().filter(received -> received.body().contains("tools/call")).count();
  }

  @Test
  void aLineEndInAMessageIsNoSecondMessageToAChild() {
    int before = lines();

    JsonNode echoed =
        post(call("child_echo", "{\n\"x\":1,\r\n\"y\":{\"z\":\r[\n]}\n}")).result().get("echo");
    JsonNode text =
        post(call("child_echo", "{\"x\":\"a\\n{\\\"jsonrpc\\\":\\\"2.0\\\"}\"}"))
            .result()
            .get("echo");

    assertThat(echoed.toString()).isEqualTo("{\"x\":1,\"y\":{\"z\":[]}}");
    assertThat(text.get("x").asText()).isEqualTo("a\n{\"jsonrpc\":\"2.0\"}");
    assertThat(lines()).isEqualTo(before + 3);
  }

  /// How many lines the child has read, this question included.
  private int lines() {
    return client.callTool("child_lines", Map.of()).result().get("lines").asInt();
  }
}
