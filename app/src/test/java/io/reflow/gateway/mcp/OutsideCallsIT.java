package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.EventClient;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.StatelessClient;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What targets ask while no call of a client is under way.
class OutsideCallsIT {

  private static final Map<String, ?> ROOTS = Map.of("roots", Map.of());

  private FakeMcpServer web;
  private TestGateway gateway;

  @BeforeEach
  void start() {
    web = new FakeMcpServer().streaming().list("echo", "question");
    gateway = TestGateway.start();
  }

  @AfterEach
  void stop() {
    gateway.close();
    web.close();
  }

  private void target(String isolation) {
    Map<String, Object> fields = new HashMap<>(TestGateway.http(web.url()));
    fields.put("name", "web");
    fields.put("isolation_boundary", isolation);
    gateway.admin("POST", "/api/targets", fields).require(201);
  }

  private void ask(String id, String method) {
    web.sendApart(
        "data: {\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"method\":\"%s\"}\n\n".formatted(id, method));
  }

  private String reply(String id) throws InterruptedException {
    UpstreamFixtures.await(() -> find(id).isPresent());
    return find(id).orElseThrow();
  }

  private Optional<String> find(String id) {
    return web.received().stream()
        .map(FakeMcpServer.Received::body)
        .filter(body -> body.contains("\"id\":\"" + id + "\""))
        .findFirst();
  }

  @Test
  void theClientIsAskedOnTheStreamThatBelongsToNoCall() throws InterruptedException {
    target("per_user");
    McpTestClient client = gateway.client(gateway.adminToken()).initialize("2025-11-25", ROOTS);
    try (EventClient stream =
        EventClient.get(
            gateway.uri("/mcp"),
            gateway.adminToken(),
            "Mcp-Session-Id",
            client.session().orElseThrow())) {
      assertThat(client.callTool("web_echo", Map.of()).status()).isEqualTo(200);
      UpstreamFixtures.await(() -> web.streams() > 0);

      ask("q1", "roots/list");
      JsonNode asked = stream.message("roots/list");
      client.post(
          "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\"roots\":[{\"uri\":\"file:///a\"}]}}"
              .formatted(asked.get("id")));

      assertThat(reply("q1")).contains("file:///a");
      ask("q2", "sampling/createMessage");
      assertThat(reply("q2")).contains("-32601");
    }
  }

  @Test
  void theRootsOfAClientWithoutSessionsAreRemembered() throws InterruptedException {
    target("per_user");
    StatelessClient client = new StatelessClient(gateway.client(gateway.adminToken())).can(ROOTS);
    assertThat(client.callTool("web_echo", Map.of()).status()).isEqualTo(200);
    UpstreamFixtures.await(() -> web.streams() > 0);
    ask("q1", "roots/list");
    assertThat(reply("q1")).contains("-32603");

    Map<String, ?> question = Map.of("ask", "roots/list");
    JsonNode asked = client.callTool("web_question", question).result();
    Map<String, Object> again =
        new HashMap<>(Map.of("name", "web_question", "arguments", question));
    again.put("requestState", asked.get("requestState").asText());
    again.put(
        "inputResponses",
        Map.of(
            asked.get("inputRequests").fieldNames().next(),
            Map.of("roots", List.of(Map.of("uri", "file:///b")))));
    assertThat(client.request("tools/call", again).result().has("reply")).isTrue();

    ask("q2", "roots/list");
    assertThat(reply("q2")).contains("file:///b");
    ask("q3", "sampling/createMessage");
    assertThat(reply("q3")).contains("-32601");
  }

  @Test
  void nobodyIsAskedByATargetThatSeveralShare() throws InterruptedException {
    target("shared");
    McpTestClient client = gateway.client(gateway.adminToken()).initialize("2025-11-25", ROOTS);
    try (EventClient stream =
        EventClient.get(
            gateway.uri("/mcp"),
            gateway.adminToken(),
            "Mcp-Session-Id",
            client.session().orElseThrow())) {
      assertThat(client.callTool("web_echo", Map.of()).status()).isEqualTo(200);
      UpstreamFixtures.await(() -> web.streams() > 0);

      ask("q1", "roots/list");

      assertThat(reply("q1")).contains("-32603");
      client.delete();
      assertThat(stream.rest()).noneMatch(event -> event.method().equals("roots/list"));
    }
  }
}
