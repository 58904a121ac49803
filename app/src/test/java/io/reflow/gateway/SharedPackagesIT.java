package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.config.StdioConfig.Sandbox;
import io.reflow.gateway.testing.GatewayProcess;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.NodePackages;
import io.reflow.gateway.testing.Sandboxes;
import io.reflow.gateway.testing.ScriptServer;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A package that `npx` or `uvx` runs is installed once: the next instance starts without the
/// network.
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

  /// Does what uv says that it does, as far as it is asked here: there is no uv for every machine
  /// that runs these tests. It notes what it was asked, and where.
  private static final String UV =
      """
      #!/bin/sh
      set -e
      case "$(basename "$0") $1 $2 $3 $4" in
        "uv tool install --force reflow-probe@1.0") ;;
        uvx*) echo "uvx was run" >&2; exit 9 ;;
        *) echo "unknown: $0 $*" >&2; exit 2 ;;
      esac
      bin=$UV_TOOL_DIR/reflow-probe/bin
      mkdir -p "$bin" "$UV_TOOL_BIN_DIR" "$UV_PYTHON_INSTALL_DIR"
      echo "$*" >> "$HOME/asked"
      echo '#!/bin/sh' > "$bin/reflow-helper"
      echo 'echo helped' >> "$bin/reflow-helper"
      printf '%s' '#!/bin/sh
      PROGRAM' > "$bin/reflow-probe"
      chmod +x "$bin"/*
      ln -sf "$bin/reflow-probe" "$UV_TOOL_BIN_DIR/reflow-probe"
      """
          .replace("PROGRAM", ScriptServer.command().getLast().replace("'", "'\\''"));

  @ParameterizedTest
  @EnumSource
  void aToolIsInstalledOnceForAllInstances(Sandbox sandbox)
      throws IOException, InterruptedException {
    Sandboxes.assume(sandbox);
    Path programs = programs();
    try (TestGateway beside = TestGateway.start();
        var gateway =
            new GatewayProcess(
                beside,
                Sandboxes.passable(folder),
                Map.of(
                    "STDIO_SANDBOX",
                    sandbox.wireName(),
                    "STDIO_VISIBLE",
                    programs.toString(),
                    "PATH",
                    programs + ":" + System.getenv("PATH")))) {
      Map<String, Object> fields =
          new HashMap<>(
              TestGateway.stdio(List.of("uvx", "reflow-probe@1.0", "--some", "argument")));
      fields.put("isolation_boundary", "per_user");
      String _ = beside.target("probe", fields);
      McpTestClient first = gateway.client(beside.adminToken()).initialize();
      McpTestClient second =
          gateway.client(beside.userToken("second@example.com", "admin")).initialize();

      String seen = "tr '\\0' ' ' < /proc/$PPID/cmdline; reflow-helper; pwd";
      assertThat(run(first, seen)).contains("/bin/reflow-probe --some argument", "helped");
      assertThat(run(second, seen)).isNotEqualTo(run(first, seen));

      Path data = folder.resolve("data").toRealPath();
      try (Stream<Path> files = Files.walk(data.resolve("packages"))) {
        Path asked = files.filter(file -> file.endsWith("asked")).findFirst().orElseThrow();
        assertThat(asked).hasContent("tool install --force reflow-probe@1.0");
        if (sandbox != Sandbox.NONE) {
          Path tool = asked.resolveSibling("tools").resolve("reflow-probe/bin/reflow-probe");
          assertThat(tool).isExecutable();
          assertThat(run(first, "echo x >> '%s' || echo refused".formatted(tool)))
              .contains("refused");
          assertThat(run(first, "rm -f '%s'; ls '%s'".formatted(tool, tool)))
              .contains("reflow-probe");
        }
      }
    }
  }

  private Path programs() throws IOException {
    Path programs = Files.createDirectory(folder.resolve("programs"));
    for (String name : List.of("uv", "uvx")) {
      Path program = Files.writeString(programs.resolve(name), UV);
      Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    return Files.setPosixFilePermissions(programs, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static String run(McpTestClient client, String script) {
    return ScriptServer.said(
        client
            .callTool("probe_run", Map.of("script", ScriptServer.encoded(script)))
            .result()
            .at("/content/0/text")
            .asText());
  }

  private static List<Path> installed(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.endsWith("server-memory/package.json")).toList();
    }
  }
}
