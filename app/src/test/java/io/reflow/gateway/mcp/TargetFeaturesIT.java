package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.FakeStatelessServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.StatelessClient;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a target may use of what its clients can do is its admin's choice.
class TargetFeaturesIT {

  private static final String UI = "io.modelcontextprotocol/ui";
  private static final Map<String, ?> ALL =
      Map.of(
          "roots", Map.of(),
          "sampling", Map.of(),
          "elicitation", Map.of("form", Map.of(), "url", Map.of()),
          "extensions", Map.of(UI, Map.of("mimeTypes", List.of("text/html;profile=mcp-app"))));
  private static final Map<String, String> QUESTIONS =
      new TreeMap<>(
          Map.of(
              "elicitation", "elicitation/create",
              "roots", "roots/list",
              "sampling", "sampling/createMessage"));

  private FakeMcpServer web;
  private FakeStatelessServer modern;
  private TestGateway gateway;

  @BeforeEach
  void start() {
    web = new FakeMcpServer().list("question");
    modern = new FakeStatelessServer();
    gateway = TestGateway.start();
  }

  @AfterEach
  void stop() {
    gateway.close();
    modern.close();
    web.close();
  }

  private static Map<String, Object> fields(String name, Map<String, ?> fields) {
    Map<String, Object> all = new HashMap<>(fields);
    all.put("name", name);
    return all;
  }

  private String legacy(Map<String, ?> settings) {
    return gateway
        .admin("POST", "/api/targets", fields("web", with(settings, TestGateway.http(web.url()))))
        .require(201)
        .json()
        .get("id")
        .asText();
  }

  private static Map<String, Object> with(Map<String, ?> some, Map<String, ?> others) {
    Map<String, Object> all = new HashMap<>(some);
    all.putAll(others);
    return all;
  }

  private JsonNode told() {
    return web.received().stream()
        .filter(each -> each.body().contains("\"initialize\""))
        .map(each -> TestGateway.parse(each.body()).at("/params/capabilities"))
        .toList()
        .getLast();
  }

  private StatelessClient stateless(Map<String, ?> capabilities) {
    return new StatelessClient(gateway.client(gateway.adminToken())).can(capabilities);
  }

  private static Map<String, String> question(String method) {
    return Map.of("ask", method, "message", "Who?");
  }

  @Test
  void eachFeatureIsOnUnlessItIsSwitchedOff() {
    String id = legacy(Map.of());
    for (String feature : List.of("elicitation", "roots", "sampling", "ui")) {
      for (boolean on : List.of(true, false)) {
        gateway
            .admin(
                "PUT",
                "/api/targets/" + id,
                fields(
                    "web",
                    with(Map.of("features", Map.of(feature, on)), TestGateway.http(web.url()))))
            .require(200);
        McpTestClient client = gateway.client(gateway.adminToken()).initialize("2025-11-25", ALL);

        assertThat(client.toolNames()).contains("web_question");

        assertThat(told().has(feature.equals("ui") ? "extensions" : feature))
            .as("%s %s", feature, on)
            .isEqualTo(on);
        assertThat(told().size()).isEqualTo(on ? 4 : 3);
      }
    }
  }

  @Test
  void whatIsSwitchedOffIsNotAskedInEitherEra() {
    legacy(Map.of("features", Map.of("elicitation", false, "roots", false, "sampling", false)));
    McpTestClient session = gateway.client(gateway.adminToken()).initialize("2025-11-25", ALL);
    StatelessClient stateless = stateless(ALL);

    for (String method : QUESTIONS.values()) {
      for (Reply reply :
          List.of(
              session.callTool("web_question", question(method)),
              stateless.callTool("web_question", question(method)))) {
        assertThat(reply.result().at("/reply/error/code").asInt())
            .as(reply.body())
            .isEqualTo(-32601);
      }
    }
  }

  @Test
  void aStatelessTargetHearsOfNothingThatIsSwitchedOff() {
    modern.tools().list(List.of("echo"));
    gateway
        .admin(
            "POST",
            "/api/targets",
            fields(
                "modern",
                with(
                    Map.of("features", Map.of("elicitation", false, "ui", false)),
                    TestGateway.http(modern.url()))))
        .require(201);

    assertThat(stateless(ALL).callTool("modern_echo", Map.of()).status()).isEqualTo(200);

    JsonNode said =
        TestGateway.parse(modern.received("tools/call").getLast().body())
            .at("/params/_meta/io.modelcontextprotocol~1clientCapabilities");
    assertThat(said.fieldNames()).toIterable().containsExactlyInAnyOrder("roots", "sampling");
  }

  @Test
  void aTargetThatIsToldOfEverythingIsSharedByAllClients() {
    legacy(Map.of("capabilities", "superset", "features", Map.of("sampling", false)));

    for (Map<String, ?> can : List.<Map<String, ?>>of(Map.of(), ALL, Map.of("roots", Map.of()))) {
      assertThat(
              gateway
                  .client(gateway.adminToken())
                  .initialize("2025-11-25", can)
                  .callTool("web_echo", Map.of())
                  .status())
          .isEqualTo(200);
      assertThat(stateless(can).callTool("web_question", Map.of()).status()).isEqualTo(200);
    }

    assertThat(told().fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder("roots", "elicitation", "extensions");
    assertThat(told().at("/elicitation").has("url")).isTrue();
    assertThat(told().at("/roots").size()).isZero();
    assertThat(web.sessions()).hasSize(1);
  }

  @Test
  void aCallEndsThatAsksForWhatItsStatelessClientCanNotDo() throws InterruptedException {
    legacy(Map.of("capabilities", "superset", "features", Map.of("sampling", false)));
    for (Map<String, ?> can : List.of(Map.<String, Object>of(), Map.of("sampling", Map.of()))) {
      for (String kind : List.of("elicitation", "roots")) {
        Reply reply =
            stateless(can).callTool("web_question", question(QUESTIONS.getOrDefault(kind, "")));

        assertThat(reply.status()).as(reply.body()).isEqualTo(400);
        assertThat(reply.error().get("code").asInt()).isEqualTo(-32021);
        assertThat(reply.error().at("/data/requiredCapabilities").fieldNames())
            .toIterable()
            .containsExactly(kind);
      }
    }
    UpstreamFixtures.await(() -> web.cancelled().size() == 4);

    Reply off = stateless(ALL).callTool("web_question", question("sampling/createMessage"));
    assertThat(off.result().at("/reply/error/code").asInt()).isEqualTo(-32601);
    Reply session =
        gateway
            .client(gateway.adminToken())
            .initialize("2025-11-25", Map.of())
            .callTool("web_question", question("roots/list"));
    assertThat(session.result().at("/reply/error/code").asInt()).isEqualTo(-32601);
  }
}
