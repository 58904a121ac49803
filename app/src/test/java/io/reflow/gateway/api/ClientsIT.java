package io.reflow.gateway.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.NodeClients;
import io.reflow.gateway.testing.TestGateway;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientsIT {

  private static final String URL = "http://localhost:3000/mcp";

  @TempDir private static Path home;

  private static TestGateway gateway;
  private static FakeMcpServer web;
  private static String user;

  @BeforeAll
  static void start() {
    gateway = TestGateway.start();
    web = new FakeMcpServer().list("echo");
    String target = gateway.target("web", web);
    gateway.target("secret-place", TestGateway.stdio(List.of("cat")));
    user = gateway.userToken("ann@example.com", "developer");
    gateway.allow(target, user);
  }

  @AfterAll
  static void stop() {
    gateway.close();
    web.close();
  }

  private static JsonNode made(String client, String body) {
    return gateway.post("/api/clients/" + client, Optional.of(user), body).require(201).json();
  }

  @ParameterizedTest
  @CsvSource({
    "claude-desktop, /mcpServers/reflow/args/2, /mcpServers/reflow/env/AUTH_HEADER",
    "claude-code, /mcpServers/reflow/url, /mcpServers/reflow/headers/Authorization",
    "cursor, /mcpServers/reflow/url, /mcpServers/reflow/headers/Authorization",
    "vscode, /servers/reflow/url, /servers/reflow/headers/Authorization",
    "windsurf, /mcpServers/reflow/serverUrl, /mcpServers/reflow/headers/Authorization"
  })
  void eachClientIsToldItsOwnWay(String client, String url, String header) {
    JsonNode shown = gateway.get("/api/clients/" + client, user).require(200).json();
    JsonNode made = made(client, "{}");

    assertThat(shown.get("config").at(url).asText()).isEqualTo(URL);
    assertThat(shown.get("config").at(header).asText())
        .isIn("Bearer <your API token>", "Bearer ${input:reflow-token}");
    assertThat(shown.get("files")).isNotEmpty();
    assertThat(shown.path("api_token").isEmpty()).isTrue();
    assertThat(made.get("config").at(url).asText()).isEqualTo(URL);
    String token = made.get("config").at(header).asText().substring("Bearer ".length());
    McpTestClient mcp = gateway.client(token).initialize();
    assertThat(mcp.toolNames()).containsExactly("web_echo");
    assertThat(made.get("api_token").get("scopes").toString()).isEqualTo("[\"mcp\"]");
    assertThat(made.get("api_token").get("name")).isEqualTo(made.get("title"));
  }

  @Test
  void aStudioAsksForTheTokenUnlessOneIsMade() {
    JsonNode asks = gateway.get("/api/clients/vscode", user).require(200).json().get("config");
    JsonNode has = made("vscode", "{}").get("config");

    assertThat(asks.at("/servers/reflow/type").asText()).isEqualTo("http");
    assertThat(asks.at("/inputs/0/id").asText()).isEqualTo("reflow-token");
    assertThat(asks.at("/inputs/0/password").asBoolean()).isTrue();
    assertThat(has.get("inputs")).isEmpty();
  }

  @Test
  void aTargetCanHaveAnEntryOfItsOwn() {
    JsonNode shown = gateway.get("/api/clients/claude-code?target=web", user).require(200).json();

    assertThat(shown.at("/config/mcpServers/reflow-web/url").asText()).isEqualTo(URL + "/web");
    assertThat(shown.get("command").asText())
        .isEqualTo(
            "claude mcp add --transport http reflow-web %s/web".formatted(URL)
                + " --header \"Authorization: Bearer <your API token>\"");
    String hidden =
        gateway.get("/api/clients/cursor?target=secret-place", user).require(404).body();
    String unknown = gateway.get("/api/clients/cursor?target=unknown", user).require(404).body();
    assertThat(hidden).contains("there is no target");
    assertThat(unknown).contains("there is no target");
  }

  @Test
  void theTokenCanBeNamedAndEnds() {
    JsonNode token = made("cursor", "{\"name\":\"laptop\",\"expires_in_days\":1}").get("api_token");

    assertThat(token.get("name").asText()).isEqualTo("laptop");
    assertThat(token.get("expires_at").asText()).isNotEmpty();
    String id = token.get("id").asText();
    gateway
        .send("DELETE", "/api/auth/tokens/" + id, Optional.of(user), Optional.empty())
        .require(204);
  }

  @Test
  void nobodyGetsMoreThanTheyMayHave() {
    String api =
        gateway
            .post(
                "/api/auth/tokens",
                Optional.of(user),
                TestGateway.json(Map.of("name", "api", "scopes", List.of("api"))))
            .require(201)
            .json()
            .get("token")
            .asText();

    gateway.get("/api/clients/cursor", api).require(200);
    assertThat(gateway.post("/api/clients/cursor", Optional.of(api), "{}").require(403).body())
        .contains("can't make tokens");
    gateway.send("GET", "/api/clients/cursor", Optional.empty(), Optional.empty()).require(401);
    assertThat(gateway.get("/api/clients/emacs", user).require(404).body()).contains("claude-code");
    gateway.post("/api/clients/cursor", Optional.of(user), "{\"scopes\":[\"admin\"]}").require(400);
  }

  @Test
  void allAreListed() {
    JsonNode clients = gateway.get("/api/clients", user).require(200).json();

    assertThat(StreamSupport.stream(clients.spliterator(), false))
        .extracting(client -> client.get("client").asText())
        .containsExactly("claude-desktop", "claude-code", "cursor", "vscode", "windsurf");
  }

  @Test
  void theBridgeOfADesktopClientTakesTheConfigurationAsItIs() throws InterruptedException {
    NodeClients clients = NodeClients.install(home);
    JsonNode server = made("claude-desktop", "{}").at("/config/mcpServers/reflow");
    List<String> arguments =
        StreamSupport.stream(server.get("args").spliterator(), false)
            .map(JsonNode::asText)
            .map(text -> text.equals(URL) ? gateway.uri("/mcp").toString() : text)
            .toList();
    assertThat(server.get("command").asText()).isEqualTo("npx");
    assertThat(arguments.subList(0, 2)).containsExactly("-y", "mcp-remote");

    String bridge =
        gateway.target(
            "bridge",
            clients.remote(
                arguments.subList(2, arguments.size()),
                Map.of("AUTH_HEADER", server.at("/env/AUTH_HEADER").asText())));
    gateway.allow(bridge, gateway.adminToken());

    McpTestClient admin = gateway.client(gateway.adminToken(), "bridge").initialize();
    assertThat(admin.callTool("web_echo", Map.of("text", "over the bridge")).result().toString())
        .contains("over the bridge");
    gateway.admin("DELETE", "/api/targets/" + bridge).require(204);
  }
}
