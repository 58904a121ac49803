package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.config.StdioConfig.Sandbox;
import io.reflow.gateway.testing.GatewayProcess;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.Processes;
import io.reflow.gateway.testing.Sandboxes;
import io.reflow.gateway.testing.ScriptServer;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A gateway that is killed takes its child processes along; what they have left behind ends when
/// it starts again, and nothing of another gateway does.
class CrashIT {

  private static final int PROCESSES = 10;

  @TempDir private Path folder;

  private static String run(McpTestClient client, String script) {
    JsonNode answer =
        client.callTool("child_run", Map.of("script", ScriptServer.encoded(script))).result();
    return ScriptServer.said(answer.get("content").get(0).get("text").asText());
  }

  private static String sleep() {
    return "sleep 9" + ThreadLocalRandom.current().nextInt(10_000_000, 99_999_999);
  }

  /// Grandchildren in the group of their parent, out of it, and without a parent.
  private static String tree(String sleep) {
    String apart = sleep + " >/dev/null 2>&1";
    return "%s & setsid %s & (setsid sh -c '%s & exit 0')".formatted(apart, apart, apart);
  }

  @ParameterizedTest
  @EnumSource
  void aKilledGatewayLeavesNothingBehind(Sandbox sandbox) throws InterruptedException {
    Sandboxes.assume(sandbox);
    try (TestGateway other = TestGateway.start();
        var gateway =
            new GatewayProcess(
                other, Sandboxes.passable(folder), Map.of("STDIO_SANDBOX", sandbox.wireName()))) {
      Map<String, Object> fields = new HashMap<>(TestGateway.stdio(ScriptServer.command()));
      fields.put("statefulness", "stateful");
      other.target("child", fields);
      String others = sleep();
      run(other.client(other.adminToken()).initialize(), tree(others));

      String ours = sleep();
      for (int round = 0; round < 3; round++) {
        for (int i = 0; i < PROCESSES; i++) {
          run(gateway.client(other.adminToken()).initialize(), tree(ours));
        }
        // What is started in the background takes its time to be what it will be.
        UpstreamFixtures.await(() -> Processes.withCommandLine(ours).size() >= 3 * PROCESSES);
        List<Long> children = gateway.children();
        assertThat(children).hasSizeGreaterThanOrEqualTo(PROCESSES);

        gateway.kill();
        UpstreamFixtures.await(() -> children.stream().noneMatch(Processes::running));
        gateway.start();
        UpstreamFixtures.await(() -> Processes.withCommandLine(ours).isEmpty());
      }

      assertThat(Processes.withCommandLine(others)).hasSizeGreaterThanOrEqualTo(3);
    }
  }
}
