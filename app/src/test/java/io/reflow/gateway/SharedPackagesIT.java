package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.config.StdioConfig.Sandbox;
import io.reflow.gateway.testing.GatewayProcess;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.NodePackages;
import io.reflow.gateway.testing.Sandboxes;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A package that `npx` runs is installed once: the next instance starts without the network.
class SharedPackagesIT {

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource
  void aPackageIsInstalledOnceForAllInstances(Sandbox sandbox)
      throws IOException, InterruptedException {
    Sandboxes.assume(sandbox);
    NodePackages.needNpx();
    try (TestGateway beside = TestGateway.start();
        var gateway =
            new GatewayProcess(
                beside, Sandboxes.passable(folder), Map.of("STDIO_SANDBOX", sandbox.wireName()))) {
      Map<String, Object> fields =
          new HashMap<>(
              TestGateway.stdio(
                  List.of("npx", "-y", "@modelcontextprotocol/server-memory@2026.8.31")));
      fields.put("isolation_boundary", "per_user");
      String target = beside.target("memory", fields);
      read(gateway.client(beside.adminToken()));
      if (sandbox == Sandbox.BUBBLEWRAP) {
        fields.put("name", "memory");
        fields.put("network", false);
        beside.admin("PUT", "/api/targets/" + target, fields).require(200);
      }

      read(gateway.client(beside.userToken("second@example.com", "admin")));

      Path data = folder.resolve("data").toRealPath();
      assertThat(installed(data.resolve("packages"))).hasSize(1);
      assertThat(installed(data.resolve("instances"))).as("nothing but links to it").isEmpty();
      try (Stream<Path> files = Files.walk(data.resolve("instances"))) {
        assertThat(
                files.filter(Files::isSymbolicLink).filter(link -> link.endsWith("node_modules")))
            .hasSize(2);
      }
    }
  }

  private static void read(McpTestClient client) throws InterruptedException {
    McpTestClient session = client.initialize();
    // The first one installs the package, from the network.
    UpstreamFixtures.await(
        Duration.ofMinutes(3),
        () ->
            session
                .callTool("memory_read_graph", Map.of())
                .answer()
                .path("result")
                .toString()
                .contains("entities"));
  }

  private static List<Path> installed(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.endsWith("server-memory/package.json")).toList();
    }
  }
}
