package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.StatelessClient;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// A gateway that is to stop lets clients come back for their suspended calls first.
class FlightDrainIT {

  private static final Map<String, ?> ASK =
      Map.of("ask", "elicitation/create", "message", "Name?", "requestedSchema", Map.of());

  @Test
  void aSuspendedCallIsAnsweredBeforeTheEnd() throws InterruptedException {
    try (FakeMcpServer web = new FakeMcpServer().list("question");
        TestGateway gateway = TestGateway.start(Map.of("SHUTDOWN_FLIGHT_DRAIN", "5m"))) {
      gateway.target("web", web);
      StatelessClient client =
          new StatelessClient(gateway.client(gateway.adminToken()))
              .can(Map.of("elicitation", Map.of()));
      JsonNode asked = client.callTool("web_question", ASK).result();
      Map<String, Object> again = new HashMap<>(Map.of("name", "web_question", "arguments", ASK));
      again.put("requestState", asked.get("requestState").asText());
      again.put(
          "inputResponses",
          Map.of(
              asked.get("inputRequests").fieldNames().next(),
              Map.of("action", "accept", "content", Map.of("name", "ann"))));

      Thread closing = Thread.ofVirtual().start(gateway::stop);
      UpstreamFixtures.await(() -> gateway.get("/health/ready", "").status() == 503);

      assertThat(client.callTool("web_question", ASK).error().get("message").asText())
          .contains("stopping");
      assertThat(client.request("tools/call", again).result().has("reply")).isTrue();
      assertThat(closing.join(Duration.ofSeconds(30))).isTrue();
    }
  }
}
