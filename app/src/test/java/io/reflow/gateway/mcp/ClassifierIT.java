package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.CleanReply;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.StatelessClient;
import io.reflow.gateway.testing.TestGateway;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// What a message claims to be, and what becomes of one that contradicts itself: each check in its
/// turn, with its status and code.
class ClassifierIT {

  private static final String V = "MCP-Protocol-Version";
  private static final String M = "Mcp-Method";
  private static final String N = "Mcp-Name";
  private static final String NEW = "2026-07-28";
  private static final String META =
      """
      "_meta":{"io.modelcontextprotocol/protocolVersion":"%s",\
      "io.modelcontextprotocol/clientCapabilities":%s}\
      """;

  private static FakeMcpServer web;
  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    web = new FakeMcpServer().list("echo", "tagged");
    web.answer(
        "tools/list",
        """
        {"tools":[{"name":"echo","inputSchema":{"type":"object"}},{"name":"tagged","inputSchema":\
        {"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"},\
        "size":{"type":"integer","x-mcp-header":"Size"}}}}]}\
        """);
    web.script(
        "resources/read",
        FakeMcpServer.Script.respond(
            200,
            "application/json",
            "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":-32002,\"message\":\"no\"}}"));
    gateway = TestGateway.start();
    gateway.target("web", web);
  }

  @AfterAll
  static void stop() {
    gateway.close();
    web.close();
  }

  private static String meta(String version) {
    return META.formatted(version, "{}");
  }

  private static String request(String method, String params) {
    return "{\"jsonrpc\":\"2.0\",\"id\":\"r1\",\"method\":\"%s\",\"params\":{%s}}"
        .formatted(method, params);
  }

  private static String call(String name, String arguments) {
    return request(
        "tools/call", "\"name\":\"%s\",\"arguments\":%s,%s".formatted(name, arguments, meta(NEW)));
  }

  private static Reply send(String body, List<String> headers) {
    return CleanReply.check(
        gateway
            .client(gateway.adminToken())
            .send("POST", BodyPublishers.ofString(body), headers.toArray(String[]::new)));
  }

  private static Arguments refused(
      String what, String body, List<String> headers, int status, int code) {
    return arguments(what, body, headers, status, code);
  }

  static Stream<Arguments> refusals() {
    String list = request("tools/list", meta(NEW));
    return Stream.of(
        refused("no JSON", "{", List.of(V, NEW, M, "tools/list"), 400, -32700),
        refused("a batch", "[" + list + "]", List.of(V, NEW, M, "tools/list"), 400, -32600),
        refused(
            "an id that is null",
            list.replace("\"r1\"", "null"),
            List.of(V, NEW, M, "tools/list"),
            400,
            -32600),
        refused("only the header", request("tools/list", ""), List.of(V, NEW), 400, -32602),
        refused("an unknown header", request("tools/list", ""), List.of(V, "1900"), 400, -32602),
        refused(
            "a claim that is no text",
            list.replace("\"" + NEW + "\"", "5"),
            List.of(V, NEW, M, "tools/list"),
            400,
            -32602),
        refused("no version header", list, List.of(M, "tools/list"), 400, -32020),
        refused("another version header", list, List.of(V, "2025-11-25"), 400, -32020),
        refused(
            "an unknown version",
            request("tools/list", meta("1900-01-01")),
            List.of(V, "1900-01-01", M, "tools/list"),
            400,
            -32022),
        refused(
            "an earlier version",
            request("tools/list", meta("2025-11-25")),
            List.of(V, "2025-11-25", M, "tools/list"),
            400,
            -32022),
        refused(
            "no capabilities",
            request(
                "tools/list",
                "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"%s\"}".formatted(NEW)),
            List.of(V, NEW, M, "tools/list"),
            400,
            -32602),
        refused(
            "capabilities that are a list",
            request("tools/list", META.formatted(NEW, "[]")),
            List.of(V, NEW, M, "tools/list"),
            400,
            -32602),
        refused("no method header", list, List.of(V, NEW), 400, -32020),
        refused("another method header", list, List.of(V, NEW, M, "Tools/list"), 400, -32020),
        refused(
            "initialize",
            request("initialize", meta(NEW)),
            List.of(V, NEW, M, "initialize"),
            404,
            -32601),
        refused("ping", request("ping", meta(NEW)), List.of(V, NEW, M, "ping"), 404, -32601),
        refused(
            "a level",
            request("logging/setLevel", meta(NEW)),
            List.of(V, NEW, M, "logging/setLevel"),
            404,
            -32601),
        refused(
            "a subscription",
            request("resources/subscribe", meta(NEW)),
            List.of(V, NEW, M, "resources/subscribe"),
            404,
            -32601),
        refused(
            "a task",
            request("tasks/get", meta(NEW)),
            List.of(V, NEW, M, "tasks/get"),
            404,
            -32601),
        refused(
            "no name header",
            call("web_echo", "{}"),
            List.of(V, NEW, M, "tools/call"),
            400,
            -32020),
        refused(
            "another name header",
            call("web_echo", "{}"),
            List.of(V, NEW, M, "tools/call", N, "web_tagged"),
            400,
            -32020),
        refused(
            "a name header in lenient Base64",
            call("web_echo", "{}"),
            List.of(V, NEW, M, "tools/call", N, "=?base64?d2ViX2VjaG8?="),
            400,
            -32020),
        refused(
            "a parameter without its header",
            call("web_tagged", "{\"region\":\"eu\"}"),
            List.of(V, NEW, M, "tools/call", N, "web_tagged"),
            400,
            -32020),
        refused(
            "a header without its parameter",
            call("web_tagged", "{\"region\":null}"),
            List.of(V, NEW, M, "tools/call", N, "web_tagged", "Mcp-Param-Region", "eu"),
            400,
            -32020),
        refused(
            "a header with another value",
            call("web_tagged", "{\"size\":42}"),
            List.of(V, NEW, M, "tools/call", N, "web_tagged", "Mcp-Param-Size", "43"),
            400,
            -32020),
        refused(
            "a name that is no text",
            request("tools/call", "\"name\":5," + meta(NEW)),
            List.of(V, NEW, M, "tools/call", N, "5"),
            400,
            -32020),
        refused(
            "a cursor that is no text",
            request("tools/list", "\"cursor\":5," + meta(NEW)),
            List.of(V, NEW, M, "tools/list"),
            200,
            -32602),
        refused(
            "an unknown tool",
            call("web_none", "{}"),
            List.of(V, NEW, M, "tools/call", N, "web_none"),
            200,
            -32602),
        refused(
            "an unknown resource",
            request("resources/read", "\"uri\":\"test://none\"," + meta(NEW)),
            List.of(V, NEW, M, "resources/read", N, "test://none"),
            200,
            -32602));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refusals")
  void refuses(String what, String body, List<String> headers, int status, int code) {
    Reply reply = send(body, headers);

    assertThat(reply.status()).as(reply.body()).isEqualTo(status);
    assertThat(reply.error().get("code").asInt()).as(reply.body()).isEqualTo(code);
    assertThat(reply.header("mcp-session-id")).isEmpty();
  }

  @Test
  void theIdOfTheRequestIsTold() {
    assertThat(
            send(request("ping", meta(NEW)), List.of(V, NEW, M, "ping"))
                .answer()
                .get("id")
                .asText())
        .isEqualTo("r1");
  }

  @Test
  void tellsWhichVersionsToTryInstead() {
    JsonNode unknown =
        send(request("tools/list", meta("1900-01-01")), List.of(V, "1900-01-01")).error();
    JsonNode earlier =
        send(request("tools/list", meta("2025-06-18")), List.of(V, "2025-06-18")).error();

    assertThat(unknown.get("data").get("requested").asText()).isEqualTo("1900-01-01");
    assertThat(unknown.get("data").get("supported")).hasSize(5);
    assertThat(earlier.get("data").get("supported")).hasSize(1);
    assertThat(earlier.get("data").get("supported").get(0).asText()).isEqualTo(NEW);
  }

  @ParameterizedTest
  @MethodSource("accepted")
  void accepts(String body, List<String> headers) {
    Reply reply = send(body, headers);

    assertThat(reply.status()).as(reply.body()).isEqualTo(200);
    assertThat(reply.result().get("resultType").asText()).isEqualTo("complete");
    assertThat(reply.header("mcp-session-id")).isEmpty();
  }

  static Stream<Arguments> accepted() {
    String list = request("tools/list", meta(NEW));
    return Stream.of(
        arguments(
            list, List.of("mcp-protocol-version", " " + NEW + " ", "MCP-METHOD", "tools/list")),
        arguments(list, List.of(V, NEW, M, "tools/list", "Mcp-Session-Id", "stray")),
        arguments(list, List.of(V, NEW, M, "tools/list", "Last-Event-ID", "7")),
        arguments(
            call("web_echo", "{}"), List.of(V, NEW, M, "tools/call", N, "=?base64?d2ViX2VjaG8=?=")),
        arguments(
            call("web_tagged", "{\"size\":42,\"region\":\"eu\"}"),
            List.of(
                V,
                NEW,
                M,
                "tools/call",
                N,
                "web_tagged",
                "mcp-param-size",
                "42.0",
                "Mcp-Param-Region",
                "=?base64?ZXU=?=")),
        arguments(call("web_tagged", "{}"), List.of(V, NEW, M, "tools/call", N, "web_tagged")));
  }

  @Test
  void initializeWithoutAClaimAlwaysOpensASession() {
    Reply reply =
        send(
            request(
                "initialize",
                "\"protocolVersion\":\"%s\",\"capabilities\":{},\"clientInfo\":{}".formatted(NEW)),
            List.of(V, NEW));

    assertThat(reply.result().get("protocolVersion").asText()).isEqualTo("2025-11-25");
    assertThat(reply.header("mcp-session-id")).isPresent();
    assertThat(reply.result().has("resultType")).isFalse();
  }

  @Test
  void notificationsAreTakenAndMeanNothing() {
    Reply reply =
        send(
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{}}",
            List.of(V, NEW));

    assertThat(reply.status()).isEqualTo(202);
  }

  @Test
  void aClientThatSaysNothingOfItselfIsServed() {
    assertThat(
            new StatelessClient(gateway.client(gateway.adminToken()))
                .with("io.modelcontextprotocol/clientInfo", 5)
                .request("tools/list", Map.of())
                .status())
        .isEqualTo(200);
  }
}
