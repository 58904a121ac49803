package io.reflow.gateway.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.TestGateway.Response;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The files of five clients, in the shape that they have there.
class ClientFilesIT {

  private static final String IMPORT = "/api/targets/import";

  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway = TestGateway.start();
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @AfterEach
  void clear() {
    for (JsonNode target : targets()) {
      gateway.admin("DELETE", "/api/targets/" + target.get("id").asText()).require(204);
    }
  }

  private static List<JsonNode> targets() {
    return list(gateway.admin("GET", "/api/targets").require(200).json());
  }

  private static JsonNode target(String name) {
    return targets().stream()
        .filter(it -> it.get("name").asText().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static List<JsonNode> list(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).toList();
  }

  private static String file(String name) throws IOException {
    try (InputStream in = ClientFilesIT.class.getResourceAsStream("clients/" + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static Response post(String path, String body) {
    return gateway.post(path, Optional.of(gateway.adminToken()), body);
  }

  private static Map<String, String> transports(JsonNode targets) {
    Map<String, String> transports = new TreeMap<>();
    list(targets)
        .forEach(it -> transports.put(it.get("name").asText(), it.get("transport_type").asText()));
    return transports;
  }

  private static Map<String, String> expected(String targets) {
    Map<String, String> expected = new TreeMap<>();
    Arrays.stream(targets.split(" "))
        .map(each -> each.split("="))
        .forEach(each -> expected.put(each[0], each[1]));
    return expected;
  }

  @ParameterizedTest
  @CsvSource({
    "claude_desktop_config.json, filesystem=stdio github=stdio, globalShortcut preferences",
    "claude_code.json, sentry=streamable-http linear=sse time=stdio, ''",
    "cursor.json, context7=streamable-http memory=stdio, ''",
    "vscode.json, playwright=stdio deepwiki=streamable-http, inputs",
    "windsurf.json, figma=streamable-http puppeteer=stdio, ''"
  })
  void areTakenOverAsTheyAre(String name, String targets, String ignored) throws IOException {
    Response dry = post(IMPORT + "?dry_run=true", file(name)).require(200);

    assertThat(dry.body()).contains("\"dry_run\":true").doesNotContain("problem", "a-secret-of");
    assertThat(transports(dry.json().get("targets"))).isEqualTo(expected(targets));
    assertThat(String.join(" ", texts(dry.json().get("ignored_members")))).isEqualTo(ignored);
    assertThat(targets()).isEmpty();

    Response done = post(IMPORT, file(name)).require(201);

    assertThat(done.body()).contains("\"dry_run\":false").doesNotContain("a-secret-of");
    assertThat(transports(gateway.admin("GET", "/api/targets").require(200).json()))
        .isEqualTo(expected(targets));
  }

  private static List<String> texts(JsonNode array) {
    return list(array).stream().map(JsonNode::asText).toList();
  }

  @Test
  void theirSecretsAreKeptEncrypted() throws IOException {
    post(IMPORT, file("claude_code.json")).require(201);
    post(IMPORT, file("windsurf.json")).require(201);

    JsonNode sentry = target("sentry");
    assertThat(sentry.get("auth_type").asText()).isEqualTo("bearer");
    assertThat(
            gateway
                .admin("GET", "/api/targets/" + sentry.get("id").asText() + "/env")
                .require(200)
                .body())
        .contains("AUTH_TOKEN")
        .doesNotContain("a-secret-of");
    assertThat(target("puppeteer").get("enabled").asBoolean()).isFalse();
  }

  @Test
  void whatIsNotUnderstoodIsSaid() throws IOException {
    Response dry = post(IMPORT + "?dry_run=true", file("cursor.json")).require(200);

    JsonNode memory =
        list(dry.json().get("targets")).stream()
            .filter(it -> it.get("name").asText().equals("memory"))
            .findFirst()
            .orElseThrow();
    assertThat(texts(memory.get("ignored_fields"))).containsExactly("autoApprove", "envFile");
    assertThat(texts(memory.get("env_keys"))).containsExactly("MEMORY_FILE_PATH");
  }

  @Test
  void whatCannotBeTakenOverHasItsReason() {
    String file =
        """
        {"servers": {
          "asks": {"type": "http", "url": "https://h.example/mcp",
                   "headers": {"Authorization": "Bearer ${input:key}"}}, // VS Code asks for it
          "socket": {"type": "ws", "url": "wss://h.example/mcp"},
          "local": {"command": "${workspaceFolder}/server"},
          "fine": {"command": "npx", "args": ["server"]},
        }}
        """;

    JsonNode dry = post(IMPORT + "?dry_run=true", file).require(200).json();

    Map<String, String> problems = new TreeMap<>();
    list(dry.get("targets"))
        .forEach(it -> problems.put(it.get("source").asText(), it.path("problem").asText()));
    assertThat(problems.get("asks")).contains("only your client can fill in");
    assertThat(problems.get("socket")).contains("type must be one of");
    assertThat(problems.get("local")).contains("only your client can fill in");
    assertThat(problems.get("fine")).isEmpty();
    assertThat(post(IMPORT, file).require(400).body()).contains("nothing was imported");
    assertThat(targets()).isEmpty();
  }

  @Test
  void whatIsNoSuchFileIsRefused() {
    for (String file :
        List.of(
            "{}", "[]", "null", "{\"mcpServers\":[]}", "{\"servers\":{}}", "{\"mcp\":{}}", "{/*")) {
      assertThat(post(IMPORT, file).require(400).json().get("code").asText())
          .as(file)
          .isEqualTo("invalid-request");
    }
    assertThat(post(IMPORT, "{\"servers\":{\"a\":{}}, x").require(400).body()).contains("line 1");
    post(IMPORT, "{\"mcp\":{\"servers\":{\"settings\":{\"command\":\"npx\"}}}}").require(201);
  }
}
