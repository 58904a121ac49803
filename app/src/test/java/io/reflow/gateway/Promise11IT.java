package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.CleanReply;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.TestGateway.Response;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Promise 11, the database may be away: calls go on by the last known rules, what needs the
/// database says when to come again, and nothing of the record is lost.
class Promise11IT {

  private static FakeMcpServer web;
  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    web = new FakeMcpServer();
    gateway = TestGateway.start(Map.of("DATABASE_CONNECTION_TIMEOUT", "2s"));
    gateway.target("web", web);
  }

  @AfterAll
  static void stop() {
    gateway.close();
    web.close();
  }

  private static String readiness() {
    Response ready = gateway.send("GET", "/health/ready", Optional.empty(), Optional.empty());
    return ready.status() + " " + ready.json().get("status").asText();
  }

  /// A session that could not be recorded would not outlive a restart.
  private static void assertIsToldToComeLater(McpTestClient.Reply reply) {
    assertThat(reply.status()).isEqualTo(503);
    assertThat(reply.header("retry-after")).isPresent();
    assertThat(reply.header("mcp-session-id")).isEmpty();
    CleanReply.check(reply.body());
  }

  @Test
  void callsGoOnWithoutTheDatabase() throws InterruptedException {
    String user = gateway.userToken("user@example.com", "user");
    String policy =
        gateway.allow(gateway.admin("GET", "/api/targets").json().get(0).get("id").asText(), user);
    McpTestClient client = gateway.client(user).initialize();
    assertThat(client.callTool("web_echo", Map.of()).result()).isNotNull();
    assertThat(readiness()).isEqualTo("200 ok");

    gateway.database().refuse();
    try {
      for (int i = 0; i < 10; i++) {
        assertThat(client.callTool("web_echo", Map.of("n", i)).result()).isNotNull();
      }
      assertThat(client.toolNames()).containsExactly("web_echo");
      assertIsToldToComeLater(
          gateway
              .client(user)
              .request(
                  "initialize",
                  Map.of(
                      "protocolVersion",
                      "2025-11-25",
                      "capabilities",
                      Map.of(),
                      "clientInfo",
                      Map.of("name", "late", "version", "1"))));
      UpstreamFixtures.await(() -> readiness().equals("200 degraded"));
      for (Response refused :
          List.of(
              gateway.admin("DELETE", "/api/policies/" + policy),
              gateway.admin("GET", "/api/logs"),
              gateway.admin(
                  "POST",
                  "/api/targets",
                  Map.of("name", "x", "transport_type", "stdio", "command", "true")))) {
        assertThat(refused.status()).as(refused.body()).isEqualTo(503);
        assertThat(refused.headers()).containsKey("retry-after");
        assertThat(refused.json().get("error").asText()).isNotBlank();
        CleanReply.check(refused.body());
      }
      assertThat(client.callTool("web_echo", Map.of()).result()).isNotNull();
    } finally {
      gateway.database().admit();
    }

    UpstreamFixtures.await(() -> readiness().equals("200 ok"));
    UpstreamFixtures.await(
        () -> gateway.logs("method=tools/call&user_id=" + gateway.userId(user)).size() == 12);
    gateway.admin("DELETE", "/api/policies/" + policy).require(204);
    assertThat(client.callTool("web_echo", Map.of()).error()).isNotNull();
  }
}
