package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.EventClient;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.StatelessClient;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Stateless clients whose user has to open a page of a target of the `initialize` era first.
class PagesIT {

  private FakeMcpServer web;
  private TestGateway gateway;
  private StatelessClient client;

  @BeforeEach
  void start() {
    web = new FakeMcpServer().streaming().list("paged");
    gateway = TestGateway.start();
    gateway.target("web", web);
    client =
        new StatelessClient(gateway.client(gateway.adminToken()))
            .can(Map.of("elicitation", Map.of("url", Map.of())));
  }

  @AfterEach
  void stop() {
    gateway.close();
    web.close();
  }

  /// The request that says that the user has agreed to open the page.
  private Map<String, Object> agreed() throws InterruptedException {
    Map<String, Object> again = agreed(web, "web_paged");
    UpstreamFixtures.await(() -> web.streams() > 0);
    return again;
  }

  private Map<String, Object> agreed(FakeMcpServer server, String tool) {
    server.script(
        "paged",
        FakeMcpServer.Script.respond(
            200,
            "application/json",
            "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":-32042,\"message\":\"open\",\"data\":"
                + "{\"elicitations\":[{\"mode\":\"url\",\"elicitationId\":\"e1\",\"url\":\"https://example.com/login\",\"message\":\"Log"
                + " in\"}]}}}"));
    JsonNode asked = client.callTool(tool, Map.of()).result();
    Map<String, Object> again = new HashMap<>(Map.of("name", tool, "arguments", Map.of()));
    again.put("requestState", asked.get("requestState").asText());
    again.put(
        "inputResponses",
        Map.of(asked.get("inputRequests").fieldNames().next(), Map.of("action", "accept")));
    return again;
  }

  private void completed() {
    web.sendApart(
        "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/elicitation/complete\","
            + "\"params\":{\"elicitationId\":\"e1\"}}\n\n");
  }

  @Test
  void theCallIsMadeAgainOnceTheUserIsThroughWithThePage() throws InterruptedException {
    Map<String, Object> again = agreed();

    // The answer becomes a stream once the call has taken long: nothing was asked meanwhile.
    try (EventClient waiting =
        EventClient.post(
            gateway.uri("/mcp"),
            gateway.adminToken(),
            client.body(7, "tools/call", again),
            StatelessClient.headers("tools/call", again))) {
      assertThat(waiting.header("content-type")).hasValue("text/event-stream");
      web.answer("paged", "{\"content\":[]}");
      completed();

      assertThat(waiting.answer().at("/result/resultType").asText()).isEqualTo("complete");
    }
  }

  @Test
  void aUserWhoIsThroughAlreadyDoesNotWait() throws InterruptedException {
    Map<String, Object> again = agreed();
    web.answer("paged", "{\"content\":[]}");
    completed();
    long before = System.nanoTime();

    Reply reply = client.request("tools/call", again);

    assertThat(reply.result().get("resultType").asText()).isEqualTo("complete");
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(20));
  }

  @Test
  void whoseTargetHasNoWayToSayItDoesNotWait() {
    try (var quiet = new FakeMcpServer().list("paged")) {
      gateway.target("quiet", quiet);
      Map<String, Object> again = agreed(quiet, "quiet_paged");
      quiet.answer("paged", "{\"content\":[]}");
      long before = System.nanoTime();

      Reply reply = client.request("tools/call", again);

      assertThat(reply.result().get("resultType").asText()).isEqualTo("complete");
      assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(20));
    }
  }
}
