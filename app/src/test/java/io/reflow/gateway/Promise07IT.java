package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

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

  @BeforeAll
  static void start() {
    web = new FakeMcpServer();
    gateway = TestGateway.start();
    gateway.target("web", web);
  }

  @AfterAll
  static void stop() {
    gateway.close();
    web.close();
  }

  @Test
  void aClientGoesOnAfterARestart() throws InterruptedException {
    McpTestClient before = gateway.client(gateway.adminToken()).initialize();
    assertThat(before.callTool("web_echo", Map.of()).result()).isNotNull();

    gateway.restart();

    McpTestClient after =
        gateway.client(gateway.adminToken()).session(before.session().orElseThrow());
    assertThat(after.callTool("web_echo", Map.of()).result()).isNotNull();
    UpstreamFixtures.await(() -> gateway.logs("method=tools/call&outcome=allowed").size() == 2);
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
