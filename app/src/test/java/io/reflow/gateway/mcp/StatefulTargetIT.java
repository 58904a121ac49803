package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// What a stateful target remembers belongs to one session.
final class StatefulTargetIT {

  @Test
  void givesEachSessionAProcessThatEndsWithIt() throws InterruptedException {
    try (var gateway = TestGateway.start()) {
      List<String> command = StdioServer.command();
      String id =
          gateway.target(
              "memory",
              Map.of(
                  "transport_type",
                  "stdio",
                  "command",
                  command.getFirst(),
                  "args",
                  command.subList(1, command.size()),
                  "statefulness",
                  "stateful",
                  "isolation_boundary",
                  "per_user"));
      McpTestClient one = gateway.client(gateway.adminToken()).initialize();
      McpTestClient other = gateway.client(gateway.adminToken()).initialize();

      assertThat(one.callTool("memory_echo", Map.of("x", 1)).result()).isNotNull();
      assertThat(other.callTool("memory_echo", Map.of("x", 2)).result()).isNotNull();

      assertThat(pids(gateway, id)).hasSize(2).doesNotHaveDuplicates();
      assertThat(one.delete().status()).isEqualTo(204);
      UpstreamFixtures.await(() -> pids(gateway, id).size() == 1);
      assertThat(other.callTool("memory_echo", Map.of("x", 3)).result()).isNotNull();
    }
  }

  private static List<String> pids(TestGateway gateway, String target) {
    JsonNode instances =
        gateway.admin("GET", "/api/targets/" + target + "/instances").require(200).json();
    return instances.findValuesAsText("pid");
  }
}
