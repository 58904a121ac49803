package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// A target over HTTP+SSE is used like any other.
final class SseTargetIT {

  @Test
  void isCalledWithItsSecretAndAgainWhenItsStreamWasLost() throws InterruptedException {
    try (var gateway = TestGateway.start();
        var server = new FakeMcpServer()) {
      String id =
          gateway.target(
              "old",
              Map.of(
                  "transport_type",
                  "sse",
                  "url",
                  server.sseUrl().toString(),
                  "auth_type",
                  "bearer"));
      gateway
          .admin(
              "POST",
              "/api/targets/" + id + "/env/default",
              Map.of("key", "AUTH_TOKEN", "value", "abc"))
          .require(201);
      McpTestClient client = gateway.client(gateway.adminToken()).initialize();

      assertThat(client.names("tools/list", "tools", "name")).containsExactly("old_echo");
      assertThat(client.callTool("old_echo", Map.of("x", 1)).result().toString())
          .contains("{\"x\":1}");
      server.breakStreams();
      // The call that finds the stream gone may fail, and so may one right after it.
      UpstreamFixtures.await(() ->
          client.callTool("old_echo", Map.of("x", 2)).answer().toString().contains("{\"x\":2}"));

      assertThat(server.received())
          .allMatch(request -> request.header("authorization").equals(Optional.of("Bearer abc")));
    }
  }
}
