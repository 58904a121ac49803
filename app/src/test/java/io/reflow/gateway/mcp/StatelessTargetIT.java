package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.EventClient;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.FakeStatelessServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.StdioServer.Manner;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Targets of the stateless era behind the whole gateway, and a client that knows sessions only.
final class StatelessTargetIT {

  @Test
  void aSessionsClientUsesStatelessTargets() throws InterruptedException {
    try (var gateway = TestGateway.start();
        var server = new FakeStatelessServer()) {
      String id = gateway.target("web", TestGateway.http(server.url()));
      gateway.target("child", TestGateway.stdio(StdioServer.command(Manner.STATELESS)));
      McpTestClient client = gateway.client(gateway.adminToken()).initialize();

      assertThat(client.toolNames()).contains("web_echo", "child_echo");
      for (String tool : new String[] {"web_echo", "child_echo"}) {
        JsonNode result = client.callTool(tool, Map.of("x", 1.5)).result();
        assertThat(result.path("echo").path("x").asText()).isEqualTo("1.5");
        assertThat(result.has("resultType")).isFalse();
      }

      JsonNode report = gateway.admin("POST", "/api/targets/" + id + "/probe").json();
      assertThat(report.path("era").asText()).isEqualTo("stateless");
      assertThat(report.path("protocol_version").asText()).isEqualTo("2026-07-28");
      assertThat(server.received("initialize")).isEmpty();
    }
  }

  @Test
  void aSessionHearsOfChangesAtAProcess() throws InterruptedException {
    List<String> command = new ArrayList<>(StdioServer.command(Manner.STATELESS));
    command.addAll(List.of("announce", "listening"));
    try (var gateway = TestGateway.start()) {
      gateway.target("child", TestGateway.stdio(command));
      McpTestClient client = gateway.client(gateway.adminToken()).initialize();
      assertThat(client.toolNames()).contains("child_announce");
      String session = client.session().orElseThrow();

      try (var stream =
          EventClient.get(gateway.uri("/mcp"), gateway.adminToken(), "Mcp-Session-Id", session)) {
        UpstreamFixtures.await(() ->
            client.callTool("child_listening", Map.of()).result().path("listening").asInt() == 1);
        assertThat(client.callTool("child_announce", Map.of()).result()).isNotNull();

        assertThat(stream.message("notifications/tools/list_changed")).isNotNull();
      }
    }
  }

  @Test
  void whatATargetSpeaksIsKnownAfterARestart() throws InterruptedException {
    try (var gateway = TestGateway.start();
        var server = new FakeMcpServer().list("echo")) {
      server.script(
          "server/discover",
          FakeMcpServer.Script.respond(404, "text/plain", "there is no such thing"));
      gateway.target("web", server);
      McpTestClient client = gateway.client(gateway.adminToken()).initialize();
      assertThat(client.toolNames()).contains("web_echo");
      UpstreamFixtures.await(() -> kept(gateway) == 1);
      long asked = discoveries(server);

      gateway.restart();

      McpTestClient next = gateway.client(gateway.adminToken()).initialize();
      assertThat(next.toolNames()).contains("web_echo");
      assertThat(discoveries(server)).isEqualTo(asked);
    }
  }

  private static long discoveries(FakeMcpServer server) {
    return server.received().stream()
        .filter(request -> request.body().contains("\"server/discover\""))
        .count();
  }

  private static long kept(TestGateway gateway) {
    return gateway
        .database()
        .database()
        .run(db -> db.query("select target_id from target_protocol").count());
  }
}
