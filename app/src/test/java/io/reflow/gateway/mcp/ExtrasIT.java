package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.FakeMcpServer.Script;
import io.reflow.gateway.testing.FakeTools;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.TestGateway;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What an admin has to switch on, and that it is off otherwise.
class ExtrasIT {

  private static final String ERROR =
      "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":-32002,\"message\":\"no\"}}";

  private final FakeMcpServer first = server("first");
  private final FakeMcpServer second = server("second");
  private @Nullable TestGateway started;

  /// Lists no resource, and has those of its own scheme.
  private static FakeMcpServer server(String name) {
    FakeMcpServer server = new FakeMcpServer();
    server.script(
        "initialize",
        (exchange, request) -> {
          exchange.getResponseHeaders().set("Mcp-Session-Id", "s");
          Script.respond(
                  200,
                  "application/json",
                  FakeTools.result(
                      "$id",
                      "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{},"
                          + "\"resources\":{},\"extensions\":{\"io.modelcontextprotocol/ui\":{}}},"
                          + "\"serverInfo\":{\"name\":\"fake\",\"version\":\"1\"}}"))
              .answer(exchange, request);
        });
    server.script("notifications/initialized", Script.respond(202, "text/plain", ""));
    server.answer("resources/list", "{\"resources\":[]}");
    server.answer("resources/templates/list", "{\"resourceTemplates\":[]}");
    server.answer(
        "tools/list",
        "{\"tools\":[{\"name\":\"both\"},{\"name\":\"of-%s\"},".formatted(name)
            + "{\"name\":\"model-%s\",\"_meta\":{\"ui\":{\"visibility\":[\"model\"]}}}]}"
                .formatted(name));
    server.answer("of-" + name, "{\"content\":[]}");
    server.answer("model-" + name, "{\"content\":[]}");
    server.answer("both", "{\"content\":[]}");
    server.script(
        "resources/read",
        (exchange, request) ->
            Script.respond(
                    200,
                    "application/json",
                    request.contains(name + "://")
                        ? FakeTools.result("$id", "{\"contents\":[],\"from\":\"" + name + "\"}")
                        : ERROR)
                .answer(exchange, request));
    return server;
  }

  @AfterEach
  void stop() {
    if (started != null) {
      started.close();
    }
    first.close();
    second.close();
  }

  private TestGateway start(Map<String, String> settings) {
    TestGateway gateway = TestGateway.start(settings);
    started = gateway;
    gateway.target("first", first);
    gateway.target("second", second);
    return gateway;
  }

  private McpTestClient client(Map<String, String> settings) {
    return client(start(settings));
  }

  private static McpTestClient client(TestGateway gateway) {
    McpTestClient client = gateway.client(gateway.adminToken()).initialize();
    client.toolNames();
    return client;
  }

  private static int code(McpTestClient client, String tool) {
    return client.callTool(tool, Map.of()).answer().path("error").path("code").asInt();
  }

  @Test
  void everythingIsOffUnlessItIsSwitchedOn() {
    McpTestClient client = client(Map.of());

    assertThat(client.callTool("first_both", Map.of()).result()).hasToString("{\"content\":[]}");
    assertThat(code(client, "of-second")).isEqualTo(-32602);
    assertThat(
            client
                .request("resources/read", Map.of("uri", "second://1"))
                .error()
                .get("code")
                .asInt())
        .isEqualTo(-32002);
    assertThat(first.received()).noneMatch(each -> each.body().contains("second://1"));
  }

  @Test
  void clientsAreToldWhoHasAnswered() {
    McpTestClient client = client(Map.of("MCP_EXTRAS_UPSTREAM_IDENTITY", "true"));

    assertThat(client.callTool("first_both", Map.of()).result())
        .hasToString(
            "{\"content\":[],\"_meta\":{\"com.reflow/upstream\":{\"target\":\"first\","
                + "\"serverInfo\":{\"name\":\"fake\",\"version\":\"1\"}}}}");
  }

  @Test
  void oneTargetAfterTheOtherIsAskedForAResource() {
    McpTestClient client = client(Map.of("MCP_EXTRAS_PROBE_RESOURCES", "true"));

    assertThat(client.request("resources/read", Map.of("uri", "second://1")).result().get("from"))
        .hasToString("\"second\"");
    assertThat(client.request("resources/read", Map.of("uri", "third://1")).error().get("code"))
        .hasToString("-32002");
    assertThat(client.request("resources/read", Map.of("uri", "second://a/../b")).error())
        .isNotNull();
    assertThat(second.received()).noneMatch(each -> each.body().contains(".."));
  }

  @Test
  void pagesCallTheToolsOfTheirTargetByItsOwnNames() {
    McpTestClient client = client(Map.of("MCP_EXTRAS_BARE_APP_TOOLS", "true"));

    assertThat(client.callTool("of-second", Map.of()).result()).hasToString("{\"content\":[]}");
    assertThat(code(client, "both")).as("two targets may be meant").isEqualTo(-32602);
    assertThat(code(client, "model-second")).as("is not for pages").isEqualTo(-32602);
    assertThat(code(client, "of-third")).as("does not exist").isEqualTo(-32602);
  }

  @Test
  void whatIsDeniedIsNotFoundByItsBareNameEither() {
    TestGateway gateway = start(Map.of("MCP_EXTRAS_BARE_APP_TOOLS", "true"));
    McpTestClient client = client(gateway);
    String user = gateway.userToken("one@example.com", "user");
    String target =
        gateway.admin("GET", "/api/targets").json().findValues("id").getFirst().asText();
    gateway.allowTool(target, "both", user);
    McpTestClient limited = gateway.client(user).initialize();

    assertThat(limited.callTool("both", Map.of()).result()).hasToString("{\"content\":[]}");
    assertThat(code(limited, "of-first")).isEqualTo(-32602);
    assertThat(code(limited, "of-second")).isEqualTo(-32602);
    assertThat(client.callTool("of-first", Map.of()).result()).hasToString("{\"content\":[]}");
  }
}
