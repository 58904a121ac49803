package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.EventClient;
import io.reflow.gateway.testing.EventClient.Event;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Notifications that MCP does not have pass where only one session can be meant.
class UnknownNotificationsIT {

  private static final String METHOD = "notifications/vendor/odd";
  private static final String MESSAGE =
      "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":{\"big\":12345678901234567890}}"
          .formatted(METHOD);
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

  private static Map<String, ?> stateful(Map<String, ?> fields) {
    Map<String, Object> all = new HashMap<>(fields);
    all.put("statefulness", "stateful");
    return all;
  }

  private EventClient stream(String token, McpTestClient client) {
    return EventClient.get(
        gateway.uri("/mcp"), token, "Mcp-Session-Id", client.session().orElseThrow());
  }

  private static boolean news(Event event) {
    return event.method().equals(METHOD)
        || event.method().equals("notifications/tools/list_changed");
  }

  private static String notified(McpTestClient client, String target) {
    return client.callTool(target + "_notified", Map.of()).result().get("methods").asText();
  }

  @Test
  void theSessionOfAStatefulTargetHearsIt() throws InterruptedException {
    gateway.target("own", stateful(TestGateway.http(server.url())));
    String admin = gateway.adminToken();
    McpTestClient client = gateway.client(admin).initialize();
    try (EventClient stream = stream(admin, client)) {
      UpstreamFixtures.await(() -> server.streams() == 1);

      server.sendApart("data: " + MESSAGE + "\n\n");

      assertThat(stream.next(UnknownNotificationsIT::news).json().at("/params/big").toString())
          .isEqualTo("12345678901234567890");
    }
  }

  @Test
  void nobodyHearsItOfATargetOfSeveralSessions() throws InterruptedException {
    gateway.target("shared", server);
    String admin = gateway.adminToken();
    McpTestClient client = gateway.client(admin).initialize();
    try (EventClient stream = stream(admin, client)) {
      UpstreamFixtures.await(() -> server.streams() > 0);

      server.sendApart("data: " + MESSAGE + "\n\n" + CHANGED);

      assertThat(stream.next(UnknownNotificationsIT::news).method())
          .isEqualTo("notifications/tools/list_changed");
    }
  }

  @Test
  void onlyTargetsOfTheSessionAloneHearItFromTheClient() throws InterruptedException {
    List<String> command = StdioServer.command("notified");
    gateway.target("own", stateful(TestGateway.stdio(command)));
    gateway.target("shared", TestGateway.stdio(command));
    McpTestClient client = gateway.client(gateway.adminToken()).initialize();
    McpTestClient other = gateway.client(gateway.adminToken()).initialize();
    for (String target : List.of("own", "shared")) {
      assertThat(notified(client, target)).doesNotContain(METHOD);
      assertThat(notified(other, target)).doesNotContain(METHOD);
    }

    assertThat(client.post(MESSAGE).status()).isEqualTo(202);

    UpstreamFixtures.await(() -> notified(client, "own").contains(METHOD));
    assertThat(notified(client, "shared")).doesNotContain(METHOD);
    assertThat(notified(other, "own")).doesNotContain(METHOD);
  }
}
