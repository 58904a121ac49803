package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.FakeMcpServer.Script;
import io.reflow.gateway.testing.FakeTools;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.TestGateway;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What clients of several revisions are shown of the same target, and of one whose URIs are
/// wrapped.
class TranslationIT {

  private static final String CAPABILITIES =
      """
      {"protocolVersion":"2025-11-25","capabilities":{"tools":{},"prompts":{},"resources":{},\
      "completions":{}},"serverInfo":{"name":"fake","version":"1"}}\
      """;

  private static final String CONTENT =
      """
      {"content":[{"type":"resource_link","uri":"a://1","name":"one"},\
      {"type":"audio","data":"UklG","mimeType":"audio/wav"},\
      {"type":"resource","resource":{"uri":"ui://w/p","text":"a://1"}},\
      {"type":"hologram"}],"structuredContent":{"uri":"a://1","n":1.0}}\
      """;

  private static FakeMcpServer server;
  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    server = new FakeMcpServer();
    server.script("initialize", opening());
    server.script("notifications/initialized", Script.respond(202, "text/plain", ""));
    server.answer(
        "tools/list",
        "{\"tools\":[{\"name\":\"t\",\"inputSchema\":{\"type\":\"object\"},\"_meta\":"
            + "{\"ui\":{\"resourceUri\":\"ui://w/p\",\"visibility\":[\"app\"]},"
            + "\"ui/resourceUri\":\"ui://w/p\",\"n\":1.0}}]}");
    server.answer("prompts/list", "{\"prompts\":[{\"name\":\"p\"}]}");
    server.answer(
        "resources/list",
        "{\"resources\":[{\"uri\":\"a://1\",\"name\":\"one\"},"
            + "{\"uri\":\"reflow://wrapped/a://1\",\"name\":\"false friend\"}]}");
    server.answer(
        "resources/templates/list",
        "{\"resourceTemplates\":[{\"uriTemplate\":\"a:///{path}\",\"name\":\"any\"}]}");
    server.answer("t", CONTENT);
    server.answer(
        "prompts/get",
        "{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"resource_link\","
            + "\"uri\":\"a://1\",\"name\":\"one\"}}]}");
    server.answer("resources/read", "{\"contents\":[{\"uri\":\"a://1\",\"text\":\"a://1\"}]}");
    server.answer("completion/complete", "{\"completion\":{\"values\":[\"a://1\"]}}");
    gateway = TestGateway.start();
    gateway.target("plain", server);
    Map<String, Object> fields = new HashMap<>(TestGateway.http(server.url()));
    fields.put("uri_mode", "wrap");
    String id = gateway.target("wrapped", fields);
    assertThat(
            gateway.admin("GET", "/api/targets/" + id).require(200).json().get("uri_mode").asText())
        .isEqualTo("wrap");
  }

  private static Script opening() {
    return (exchange, request) -> {
      exchange.getResponseHeaders().set("Mcp-Session-Id", "s");
      Script.respond(200, "application/json", FakeTools.result("$id", CAPABILITIES))
          .answer(exchange, request);
    };
  }

  @AfterAll
  static void stop() {
    gateway.close();
    server.close();
  }

  private static McpTestClient client(String version) {
    return gateway.client(gateway.adminToken()).initialize(version);
  }

  private static String result(Reply reply) {
    return reply.result().toString();
  }

  private static String lastParams() {
    return TestGateway.parse(server.received().getLast().body()).get("params").toString();
  }

  @Test
  void clientsOfTheTargetsRevisionSeeWhatItSaid() {
    assertThat(client("2025-11-25").callTool("plain_t", Map.of()).body()).contains(CONTENT);
  }

  @Test
  void olderClientsSeeWhatTheyKnow() {
    JsonNode summer = client("2025-06-18").callTool("plain_t", Map.of()).result().get("content");
    JsonNode spring = client("2025-03-26").callTool("plain_t", Map.of()).result().get("content");
    JsonNode first = client("2024-11-05").callTool("plain_t", Map.of()).result().get("content");

    assertThat(summer.findValuesAsText("type"))
        .containsExactly("resource_link", "audio", "resource", "text");
    assertThat(spring.findValuesAsText("type"))
        .containsExactly("text", "audio", "resource", "text");
    assertThat(first.findValuesAsText("type"))
        .containsExactly("text", "resource", "resource", "text");
    assertThat(first.get(0).get("text").asText()).isEqualTo("one: a://1");
    assertThat(first.get(1).get("resource").get("blob").asText()).isEqualTo("UklG");
    assertThat(first.get(3).get("text").asText()).isEqualTo("{\"type\":\"hologram\"}");
  }

  @Test
  void wrappedUrisStandInListsAndNowhereElse() {
    McpTestClient client = client("2025-11-25");

    assertThat(client.names("resources/list", "resources", "uri"))
        .containsExactly(
            "a://1", "reflow://wrapped/a://1", "reflow://wrapped/reflow://wrapped/a://1");
    assertThat(client.names("resources/templates/list", "resourceTemplates", "uriTemplate"))
        .containsExactly("a:///{path}", "reflow://wrapped/a:///{path}");
    assertThat(client.request("tools/list", Map.of()).body())
        .contains(
            "\"name\":\"wrapped_t\",\"inputSchema\":{\"type\":\"object\"},\"_meta\":"
                + "{\"ui\":{\"resourceUri\":\"ui://wrapped.reflow/w/p\",\"visibility\":[\"app\"]},"
                + "\"ui/resourceUri\":\"ui://wrapped.reflow/w/p\",\"n\":1.0}")
        .contains(
            "\"name\":\"plain_t\",\"inputSchema\":{\"type\":\"object\"},\"_meta\":"
                + "{\"ui\":{\"resourceUri\":\"ui://w/p\"");
  }

  @Test
  void wrappedUrisStandInResults() {
    McpTestClient client = client("2025-11-25");

    assertThat(client.callTool("wrapped_t", Map.of()).body())
        .contains(
            CONTENT
                .replace(
                    "\"uri\":\"a://1\",\"name\"", "\"uri\":\"reflow://wrapped/a://1\",\"name\"")
                .replace("ui://w/p", "ui://wrapped.reflow/w/p"));
    assertThat(client.request("prompts/get", Map.of("name", "wrapped_p")).body())
        .contains("\"uri\":\"reflow://wrapped/a://1\"");
  }

  @Test
  void aWrappedUriLeadsToItsTarget() throws InterruptedException {
    McpTestClient client = client("2025-11-25");

    for (String own : new String[] {"a://1", "a:///x/y", "ui://w/p"}) {
      String exposed = own.startsWith("ui") ? "ui://wrapped.reflow/w/p" : "reflow://wrapped/" + own;
      Reply read = client.request("resources/read", Map.of("uri", exposed, "x", 1));
      assertThat(result(read))
          .isEqualTo("{\"contents\":[{\"uri\":\"reflow://wrapped/a://1\",\"text\":\"a://1\"}]}");
      assertThat(lastParams()).contains("\"uri\":\"" + own + "\"").contains("\"x\":1");
    }
    assertThat(result(client.request("resources/read", Map.of("uri", "a://1"))))
        .isEqualTo("{\"contents\":[{\"uri\":\"a://1\",\"text\":\"a://1\"}]}");
    JsonNode row =
        gateway.row(
            "method=resources/read", each -> each.path("target_name").asText().equals("wrapped"));
    assertThat(row.get("feature_name").asText())
        .as("rules and records speak of the target's own URIs")
        .doesNotStartWith("reflow");
  }

  @Test
  void aWrappedTemplateIsCompletedByItsTarget() {
    McpTestClient client = client("2025-11-25");

    Reply completed =
        client.request(
            "completion/complete",
            Map.of(
                "ref",
                Map.of("type", "ref/resource", "uri", "reflow://wrapped/a:///{path}"),
                "argument",
                Map.of("name", "path", "value", "")));

    assertThat(result(completed)).isEqualTo("{\"completion\":{\"values\":[\"a://1\"]}}");
    assertThat(lastParams()).contains("\"uri\":\"a:///{path}\"");
  }

  @Test
  void aMissingResourceIsNamedAsTheClientKnowsIt() {
    FakeMcpServer failing = new FakeMcpServer();
    try (failing) {
      failing.script("initialize", opening());
      failing.script("notifications/initialized", Script.respond(202, "text/plain", ""));
      failing.answer("resources/list", "{\"resources\":[{\"uri\":\"b://1\",\"name\":\"b\"}]}");
      failing.answer("resources/templates/list", "{\"resourceTemplates\":[]}");
      failing.script(
          "resources/read",
          Script.respond(
              200,
              "application/json",
              "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":-32002,\"message\":\"no\","
                  + "\"data\":{\"uri\":\"b://1\",\"n\":1.0}}}"));
      Map<String, Object> fields = new HashMap<>(TestGateway.http(failing.url()));
      fields.put("uri_mode", "wrap");
      gateway.target("failing", fields);

      Reply read =
          client("2025-11-25").request("resources/read", Map.of("uri", "reflow://failing/b://1"));

      assertThat(read.error().toString())
          .isEqualTo(
              "{\"code\":-32002,\"message\":\"no\","
                  + "\"data\":{\"uri\":\"reflow://failing/b://1\",\"n\":1.0}}");
    }
  }
}
