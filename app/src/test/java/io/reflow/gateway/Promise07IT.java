package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Promise 7, sessions outlive restarts: a client that meets a gateway which does not know its
/// session is told to begin anew, and then works, with the login that it had.
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

  private static void assertBeginsAnew(TestGateway at, String session) {
    McpTestClient client = at.client(gateway.adminToken()).session(session);

    Reply reply = client.callTool("web_echo", Map.of());
    assertThat(reply.status()).isEqualTo(404);
    assertThat(reply.error().get("message").asText()).contains("initialize");

    client.noSession().initialize();
    assertThat(client.callTool("web_echo", Map.of()).result()).isNotNull();
  }

  @Test
  void aClientGoesOnAfterARestart() throws InterruptedException {
    McpTestClient before = gateway.client(gateway.adminToken()).initialize();
    assertThat(before.callTool("web_echo", Map.of()).result()).isNotNull();

    gateway.restart();

    assertBeginsAnew(gateway, before.session().orElseThrow());
    UpstreamFixtures.await(() -> gateway.logs("method=tools/call&outcome=allowed").size() == 2);
  }

  @Test
  void aClientGoesOnAtAnotherReplica() {
    String session = gateway.client(gateway.adminToken()).initialize().session().orElseThrow();
    try (TestGateway replica = gateway.replica()) {
      assertBeginsAnew(replica, session);
    }
  }
}
