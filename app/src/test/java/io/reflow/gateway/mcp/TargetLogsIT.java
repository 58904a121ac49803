package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.EventClient;
import io.reflow.gateway.testing.EventClient.Event;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a target logs outside of calls reaches its one user, and nobody where there are several.
class TargetLogsIT {

  private static final String CHANGED =
      "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n\n";

  private FakeMcpServer server;
  private TestGateway gateway;

  @BeforeEach
  void start() {
    server = new FakeMcpServer().streaming();
    gateway = TestGateway.start();
  }

  @AfterEach
  void stop() {
    gateway.close();
    server.close();
  }

  private EventClient stream(String token, McpTestClient client) {
    return EventClient.get(
        gateway.uri("/mcp"), token, "Mcp-Session-Id", client.session().orElseThrow());
  }

  private static String log(String level, String data) {
    return ("data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{"
            + "\"level\":\"%s\",\"data\":\"%s\"}}\n\n")
        .formatted(level, data);
  }

  private static boolean news(Event event) {
    return event.method().equals("notifications/message")
        || event.method().equals("notifications/tools/list_changed");
  }

  @Test
  void theOneUserHearsWhatTheSessionWantsToHear() throws InterruptedException {
    gateway.target(
        "own",
        Map.of(
            "transport_type",
            "streamable-http",
            "url",
            server.url().toString(),
            "isolation_boundary",
            "per_user"));
    String admin = gateway.adminToken();
    McpTestClient client = gateway.client(admin).initialize();
    try (EventClient stream = stream(admin, client)) {
      UpstreamFixtures.await(() -> server.streams() == 1);

      server.sendApart(log("debug", "too little") + log("warning", "first"));
      assertThat(stream.next(TargetLogsIT::news).json().at("/params/data").asText())
          .isEqualTo("first");

      assertThat(client.request("logging/setLevel", Map.of("level", "error")).result()).isNotNull();
      server.sendApart(log("warning", "no more") + log("error", "second"));
      assertThat(stream.next(TargetLogsIT::news).json().at("/params/data").asText())
          .isEqualTo("second");
    }
  }

  @Test
  void nobodyHearsWhatATargetOfSeveralUsersLogs() throws InterruptedException {
    gateway.target("shared", server);
    String admin = gateway.adminToken();
    McpTestClient client = gateway.client(admin).initialize();
    try (EventClient stream = stream(admin, client)) {
      UpstreamFixtures.await(() -> server.streams() > 0);

      server.sendApart(log("error", "whose?") + CHANGED);

      assertThat(stream.next(TargetLogsIT::news).method())
          .isEqualTo("notifications/tools/list_changed");
    }
  }
}
