package io.reflow.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.BufferingServers;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.TestGateway;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Servers that want a terminal, through the whole gateway.
class TerminalTargetIT {

  private static TestGateway gateway;

  @TempDir private Path folder;

  @BeforeAll
  static void start() {
    gateway = TestGateway.start(Map.of("STDIO_START_TIMEOUT", "6s", "STDIO_PROBE_TIMEOUT", "1s"));
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static String target(String name, List<String> command, boolean tty) {
    Map<String, Object> fields = new HashMap<>(TestGateway.stdio(command));
    fields.put("tty", tty);
    fields.put("protocol", "legacy");
    return gateway.target(name, fields);
  }

  private static boolean missing(String program) {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
        .noneMatch(path -> Files.isExecutable(Path.of(path, program)));
  }

  private static McpTestClient.Reply call(String target, String tool, Object arguments) {
    return gateway
        .client(gateway.adminToken(), target)
        .initialize()
        .request("tools/call", Map.of("name", tool, "arguments", arguments));
  }

  @Test
  void aProgramInPythonThatKeepsItsOutputBackWorksOnATerminalOnly() {
    assumeTrue(!missing("python3"), "there is no python3");

    worksOnATerminalOnly("python", BufferingServers.python(folder));
  }

  @Test
  void aProgramInCThatKeepsItsOutputBackWorksOnATerminalOnly() throws InterruptedException {
    assumeTrue(!missing("cc"), "there is no C compiler");

    worksOnATerminalOnly("c", BufferingServers.c(folder));
  }

  private static void worksOnATerminalOnly(String language, List<String> command) {
    target(language + "-tty", command, true);
    target(language + "-pipe", command, false);

    JsonNode answer = call(language + "-tty", "echo", Map.of()).result();
    assertThat(answer.at("/content/0/text").asText()).isEqualTo("hello from " + language);
    assertThat(call(language + "-pipe", "echo", Map.of()).answer().toString())
        .contains("did not answer");
  }

  @Test
  void aChangedTtyCountsForTheNextCall() {
    String id = target("change", StdioServer.command("echo", "tty"), false);

    assertThat(call("change", "tty", Map.of()).result().get("tty").asBoolean()).isFalse();
    Map<String, Object> fields =
        new HashMap<>(TestGateway.stdio(StdioServer.command("echo", "tty")));
    fields.putAll(Map.of("name", "change", "tty", true));
    JsonNode changed = gateway.admin("PUT", "/api/targets/" + id, fields).require(200).json();

    assertThat(changed.get("tty").asBoolean()).isTrue();
    assertThat(call("change", "tty", Map.of()).result().get("tty").asBoolean()).isTrue();
  }

  @Test
  void onlyProcessesHaveATerminal() {
    var refused =
        gateway
            .admin(
                "POST",
                "/api/targets",
                Map.of(
                    "name",
                    "web",
                    "transport_type",
                    "streamable-http",
                    "url",
                    "http://127.0.0.1:9/",
                    "tty",
                    true))
            .require(400);

    assertThat(refused.json().get("error").asText())
        .isEqualTo("tty does not belong to transport_type streamable-http");
  }

  @Test
  void anImportedProcessMayHaveATerminal() {
    JsonNode imported =
        gateway
            .admin(
                "POST",
                "/api/targets/import",
                Map.of("mcpServers", Map.of("imported", Map.of("command", "npx", "tty", true))))
            .require(201)
            .json();

    String id = imported.at("/targets/0/id").asText();
    assertThat(gateway.admin("GET", "/api/targets/" + id).json().get("tty").asBoolean()).isTrue();
  }
}
