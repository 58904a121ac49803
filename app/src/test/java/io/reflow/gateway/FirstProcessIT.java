package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.reflow.gateway.testing.GatewayProcess;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.ScriptServer;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A gateway that is the first process of its container: what loses its parent becomes its child,
/// and no zombie.
class FirstProcessIT {

  private static final List<String> NAMESPACE =
      List.of("unshare", "--pid", "--fork", "--kill-child", "--mount-proc");

  private static final String ORPHANS =
      "for i in 1 2 3 4 5; do (setsid sh -c 'sleep 98765 & exit 0' >/dev/null 2>&1 &); done";

  /// The children of the first process in one state: Z for those that have ended.
  private static final String ADOPTED =
      """
      for stat in /proc/[0-9]*/stat; do
        read -r line 2>/dev/null < "$stat" || continue
        case $line in *"(sleep) STATE 1 "*) echo "${line%% *}" ;; esac
      done
      """;

  private static final String SLEEPING = ADOPTED.replace("STATE", "S");
  private static final String ENDED = ADOPTED.replace("STATE", "Z");

  @TempDir private Path folder;

  private static boolean possible() throws IOException, InterruptedException {
    List<String> line = new ArrayList<>(NAMESPACE);
    line.add("true");
    return new ProcessBuilder(line).start().waitFor() == 0;
  }

  private static String run(McpTestClient client, String script) {
    return ScriptServer.said(
        client
            .callTool("child_run", Map.of("script", ScriptServer.encoded(script)))
            .result()
            .at("/content/0/text")
            .asText());
  }

  @Test
  void takesNoteOfTheEndsOfOthersChildren() throws IOException, InterruptedException {
    assumeTrue(possible(), "a namespace of processes can't be made on this machine");
    try (TestGateway beside = TestGateway.start();
        var gateway = new GatewayProcess(beside, folder, Map.of(), NAMESPACE)) {
      String _ = beside.target("child", TestGateway.stdio(ScriptServer.command()));
      McpTestClient client = gateway.client(beside.adminToken()).initialize();
      assertThat(run(client, "tr '\\0' ' ' < /proc/1/cmdline")).contains("io.reflow.gateway.Main");

      String _ = run(client, ORPHANS);
      UpstreamFixtures.await(() -> run(client, SLEEPING).lines().count() == 5);
      String _ = run(client, "kill $(%s)".formatted(SLEEPING));

      UpstreamFixtures.await(() -> (run(client, SLEEPING) + run(client, ENDED)).isEmpty());
      assertThat(run(client, "echo $((6*7))")).as("the server serves on").isEqualTo("42");
    }
  }
}
