package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.config.StdioConfig.Sandbox;
import io.reflow.gateway.config.SystemUser;
import io.reflow.gateway.testing.GatewayProcess;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.Sandboxes;
import io.reflow.gateway.testing.ScriptServer;
import io.reflow.gateway.testing.TestGateway;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What a child process gets hold of that looks for the gateway's secrets, for each way to contain
/// it: a gateway in a process of its own, and a server that runs what it is told.
class ContainmentIT {

  private static TestGateway beside;

  @TempDir private Path folder;

  @BeforeAll
  static void start() {
    beside = TestGateway.start();
    target("probe", Map.of());
    target("offline", Map.of("network", false));
    target("own", Map.of("isolation_boundary", "per_user"));
  }

  private static void target(String name, Map<String, ?> settings) {
    Map<String, Object> fields = new HashMap<>(TestGateway.stdio(ScriptServer.command()));
    fields.putAll(settings);
    beside.target(name, fields);
  }

  @AfterAll
  static void stop() {
    beside.close();
  }

  private GatewayProcess gateway(Sandbox sandbox) {
    Sandboxes.assume(sandbox);
    return new GatewayProcess(
        beside,
        Sandboxes.passable(folder),
        Map.of("STDIO_SANDBOX", sandbox.wireName(), "STDIO_STOP_GRACE", "200ms"),
        front(sandbox));
  }

  /// A child of root is root too where it is not contained. Without root's privileges the gateway
  /// is to it what an ordinary user's gateway is to a child of that user.
  private static List<String> front(Sandbox sandbox) {
    return sandbox == Sandbox.NONE && SystemUser.root()
        ? List.of("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", "--")
        : List.of();
  }

  private static String run(McpTestClient client, String target, String script) {
    JsonNode result =
        client.callTool(target + "_run", Map.of("script", ScriptServer.encoded(script))).result();
    return ScriptServer.said(result.get("content").get(0).get("text").asText());
  }

  /// Tells the status, or 000 where nothing answers.
  private static String ask(String url) {
    return "curl -s -m 5 -o /dev/null -w '%{http_code}' " + url;
  }

  @ParameterizedTest
  @EnumSource
  void aChildGetsNothingOfTheGatewaysMemory(Sandbox sandbox)
      throws IOException, InterruptedException {
    try (GatewayProcess gateway = gateway(sandbox)) {
      McpTestClient client = gateway.client(beside.adminToken()).initialize();
      String proc = "/proc/" + gateway.pid();

      String seen = run(client, "probe", "id -u; tr '\\0' '\\n' < %s/environ".formatted(proc));
      assertThat(seen).doesNotContain(TestGateway.ENCRYPTION_KEY, TestGateway.JWT_SECRET, "JWT");
      for (String part : List.of("environ", "mem", "maps", "auxv")) {
        assertThat(
                run(
                    client,
                    "probe",
                    "(: < %s/%s) 2>&1 && head -c 9 %s/%s".formatted(proc, part, proc, part)))
            .as(part)
            .containsAnyOf("Permission denied", "cannot open", "nonexistent");
      }
      assertThat(
              run(
                  client,
                  "probe",
                  "ls %s/fd/ %s/cwd/ %s/root/ >/dev/null 2>&1 && echo seen"
                      .formatted(proc, proc, proc)))
          .isEmpty();
      Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
      assertThat(run(client, "probe", "%s %d VM.version".formatted(jcmd, gateway.pid())))
          .as("attached")
          .doesNotContain("JDK 2");
      assertThat(Files.readString(Path.of(proc, "limits")))
          .containsPattern("Max core file size +0 +0");
      assertThat(run(client, "probe", "grep -c NoNewPrivs:.1 /proc/self/status")).isEqualTo("1");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"USER", "BUBBLEWRAP"})
  void aContainedChildGetsNothingOfTheGatewaysFolderAndManagement(Sandbox sandbox)
      throws IOException, InterruptedException {
    try (GatewayProcess gateway = gateway(sandbox)) {
      McpTestClient client = gateway.client(beside.adminToken()).initialize();
      Path data = folder.resolve("data").toRealPath();
      List<String> names = new ArrayList<>();
      try (var files = Files.walk(data)) {
        files
            .filter(file -> !file.startsWith(data.resolve("instances")))
            .filter(Files::isRegularFile)
            .forEach(file -> names.add(file.toString()));
      }
      assertThat(names).anyMatch(name -> name.contains("audit"));

      // What a list tells is not all: files are asked for by their names as well.
      for (String name : names) {
        assertThat(run(client, "probe", "cat '%s' >/dev/null && echo seen".formatted(name)))
            .doesNotContain("seen");
      }
      assertThat(run(client, "probe", "ls -A '%s'".formatted(data)))
          .doesNotContain("audit", "secrets");
      assertThat(
              run(
                  client,
                  "own",
                  "pwd > mark; ls -A ../.. ../../*/ 2>/dev/null; cat '%s'/*/*/*"
                      .formatted(data.resolve("instances"))))
          .as("of others")
          .doesNotContain("audit");

      String url = "http://127.0.0.1:%d/metrics".formatted(gateway.managementPort());
      assertThat(run(client, "probe", ask(url))).isEqualTo("403");
      try (HttpClient http = HttpClient.newHttpClient()) {
        var request = HttpRequest.newBuilder(URI.create(url)).build();
        assertThat(http.send(request, BodyHandlers.discarding()).statusCode()).isEqualTo(200);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"USER", "BUBBLEWRAP"})
  void instancesGetNothingOfEachOther(Sandbox sandbox) throws InterruptedException {
    try (GatewayProcess gateway = gateway(sandbox)) {
      McpTestClient first = gateway.client(beside.adminToken()).initialize();
      String email = sandbox.wireName() + "@example.com";
      McpTestClient second = gateway.client(beside.userToken(email, "admin")).initialize();

      String home = run(first, "own", "echo private > $HOME/note; pwd");
      assertThat(run(first, "own", "cat note")).isEqualTo("private");
      assertThat(run(second, "own", "pwd")).isNotEqualTo(home);

      String theft =
          "cat '%s/note' || cat /proc/[0-9]*/cwd/note || grep -z %s /proc/*/environ"
              .formatted(home, home);
      assertThat(run(second, "own", theft)).doesNotContain("private", "HOME=" + home);
      if (SystemUser.root()) {
        assertThat(run(second, "own", "id -u"))
            .isNotEqualTo("0")
            .isNotEqualTo(run(first, "own", "id -u"));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void onlyASandboxKeepsAChildFromTheNetwork(Sandbox sandbox) throws InterruptedException {
    try (GatewayProcess gateway = gateway(sandbox)) {
      McpTestClient client = gateway.client(beside.adminToken()).initialize();
      String health = gateway.uri("/health").toString();

      assertThat(run(client, "probe", ask(health))).isEqualTo("200");
      if (sandbox == Sandbox.BUBBLEWRAP) {
        assertThat(run(client, "offline", ask(health))).isEqualTo("000");
      } else {
        assertThat(client.callTool("offline_run", Map.of()).body())
            .contains("it is to have no network, which needs 'stdio.sandbox: bubblewrap'");
      }
    }
  }

  @Test
  void refusesToStartWhereTheSandboxDoesNotWork() throws IOException {
    Path programs = Files.createDirectory(Sandboxes.passable(folder).resolve("programs"));
    Path bwrap =
        Files.writeString(
            programs.resolve("bwrap"),
            """
            #!/bin/sh
            echo "bwrap: No permissions to create new namespace, ${STDIO_SANDBOX-no settings}" >&2
            exit 1
            """);
    Files.setPosixFilePermissions(bwrap, PosixFilePermissions.fromString("rwxr-xr-x"));
    Sandboxes.passable(programs);
    Map<String, String> settings =
        Map.of("STDIO_SANDBOX", "bubblewrap", "PATH", programs + ":" + System.getenv("PATH"));

    assertThatThrownBy(() -> new GatewayProcess(beside, folder, settings).close())
        .isInstanceOf(AssertionError.class)
        .hasMessageContainingAll(
            "stdio.sandbox: 'bubblewrap' does not work here",
            "No permissions to create new namespace, no settings",
            "choose user");
  }
}
