package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.EventClient;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.GatewayProcess;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Promise 7, sessions outlive restarts: the next request of a client works, with the session that
/// it had. Where it can't, the client is told to begin anew, and then works with its login.
class Promise07IT {

  private static FakeMcpServer web;
  private static TestGateway gateway;
  private static String target;

  @BeforeAll
  static void start() {
    web = new FakeMcpServer().streaming().list("echo", "announce-apart");
    web.answer("resources/list", "{\"resources\":[{\"uri\":\"file:///a\",\"name\":\"a\"}]}");
    gateway = TestGateway.start();
    target = gateway.target("web", web);
  }

  @AfterAll
  static void stop() {
    gateway.close();
    web.close();
  }

  @Test
  void aClientGoesOnAfterARestart() throws InterruptedException {
    String token = gateway.userToken("restart@example.com", "admin");
    gateway.allow(target, token);
    McpTestClient before = gateway.client(token).initialize();
    assertThat(before.callTool("web_echo", Map.of()).result()).isNotNull();

    gateway.restart();

    McpTestClient after = gateway.client(token).session(before.session().orElseThrow());
    assertThat(after.callTool("web_echo", Map.of()).result()).isNotNull();
    String own = "method=tools/call&outcome=allowed&user_id=" + gateway.userId(token);
    UpstreamFixtures.await(() -> gateway.logs(own).size() == 2);
  }

  @Test
  void whatAClientSubscribedToIsFollowedAfterARestart() throws InterruptedException {
    McpTestClient before = gateway.client(gateway.adminToken()).initialize();
    assertThat(before.request("resources/subscribe", Map.of("uri", "file:///a")).result())
        .isEmpty();
    assertThat(before.request("logging/setLevel", Map.of("level", "error")).result()).isEmpty();
    String session = before.session().orElseThrow();

    gateway.restart();

    McpTestClient after = gateway.client(gateway.adminToken()).session(session);
    try (EventClient stream =
        EventClient.get(gateway.uri("/mcp"), gateway.adminToken(), "Mcp-Session-Id", session)) {
      assertThat(stream.status()).isEqualTo(200);
      UpstreamFixtures.await(() ->
          web.received().stream()
                  .filter(it -> it.body().contains("\"resources/subscribe\""))
                  .count()
              == 2);
      assertThat(after.callTool("web_announce-apart", Map.of()).result()).isNotNull();
      JsonNode updated = stream.message("notifications/resources/updated");
      assertThat(updated.at("/params/uri").asText()).isEqualTo("file:///a");
    }
  }

  @Test
  void aClientGoesOnAfterAKill(@TempDir Path folder) throws InterruptedException {
    try (var doomed = new GatewayProcess(gateway, folder, Map.of())) {
      McpTestClient client = doomed.client(gateway.adminToken()).initialize();
      assertThat(client.callTool("web_echo", Map.of()).result()).isNotNull();

      doomed.kill();
      doomed.start();

      assertThat(client.callTool("web_echo", Map.of()).result()).isNotNull();
      assertThat(client.delete().status()).isEqualTo(204);
      assertThat(client.callTool("web_echo", Map.of()).status()).isEqualTo(404);
    }
  }

  /// A replica that has no address takes nothing from others.
  @Test
  void aClientBeginsAnewAtAReplicaThatCanNotReachTheOther() {
    String session = gateway.client(gateway.adminToken()).initialize().session().orElseThrow();
    try (TestGateway replica = gateway.replica()) {
      McpTestClient client = replica.client(gateway.adminToken()).session(session);

      Reply reply = client.callTool("web_echo", Map.of());
      assertThat(reply.status()).isEqualTo(404);
      assertThat(reply.error().get("message").asText()).contains("initialize");

      client.noSession().initialize();
      assertThat(client.callTool("web_echo", Map.of()).result()).isNotNull();
    }
  }
}
