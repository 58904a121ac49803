package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import io.reflow.gateway.testing.ConformanceSuite;
import io.reflow.gateway.testing.ConformanceSuite.Era;
import io.reflow.gateway.testing.NodeClients;
import io.reflow.gateway.testing.NodeServers;
import io.reflow.gateway.testing.RunningServer;
import io.reflow.gateway.testing.SdkClient;
import io.reflow.gateway.testing.TestGateway;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Clients that people use, at a gateway with a server of the initialize era and one of both eras
/// behind it.
final class RealClientsIT {

  @TempDir private static Path home;

  private static NodeClients clients;
  private static RunningServer both;
  private static TestGateway gateway;
  private static String token;

  @BeforeAll
  static void start() throws InterruptedException {
    clients = NodeClients.install(home);
    both = ConformanceSuite.install().serve(Era.BOTH);
    gateway = TestGateway.start();
    String login = gateway.userToken("client@example.com", "user");
    String everything = gateway.target("everything", NodeServers.install().everything());
    String _ = gateway.allow(everything, login);
    String _ = gateway.allow(gateway.target("v2", TestGateway.http(both.url())), login);
    token = gateway.apiToken(login, "clients");
  }

  @AfterAll
  static void stop() {
    if (gateway != null) {
      gateway.close();
    }
    if (both != null) {
      both.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"legacy", "auto", "modern"})
  void theInspectorListsAndCalls(String era) throws InterruptedException {
    JsonNode tools = inspector(era, "--method", "tools/list").at("/tools");
    JsonNode echo =
        inspector(
            era,
            "--method",
            "tools/call",
            "--tool-name",
            "everything_echo",
            "--tool-arg",
            "message=hello");
    JsonNode read = inspector(era, "--method", "resources/read", "--uri", "test://static-text");

    assertThat(tools.findValuesAsText("name")).contains("everything_echo", "v2_test_simple_text");
    assertThat(echo.at("/content/0/text").asText()).isEqualTo("Echo: hello");
    assertThat(read.at("/contents/0/text").asText())
        .isEqualTo("This is the content of the static text resource.");
  }

  private static JsonNode inspector(String era, String... arguments) throws InterruptedException {
    JsonNode answer = clients.inspector(gateway.uri("/mcp"), token, era, arguments);
    return answer.has("result") ? answer.get("result") : answer;
  }

  @ParameterizedTest
  @CsvSource({"http, /mcp", "sse, /sse"})
  void theFirstTypeScriptClientWorks(String transport, String path) throws InterruptedException {
    JsonNode got = clients.first(gateway.uri(path), token, transport);

    assertThat(texts(got.get("tools"))).contains("everything_echo", "v2_test_simple_text");
    assertThat(got.get("echo").asText()).isEqualTo("Echo: Grüße");
    // The client itself forgets the last one when the answer comes right behind it.
    assertThat(got.get("steps").toString()).startsWith("[1,2,3");
    assertThat(texts(got.get("prompts"))).contains("everything_simple-prompt");
    assertThat(got.get("read").asBoolean()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"legacy, 2025-11-25", "auto, 2026-07-28", "modern, 2026-07-28"})
  void theSecondTypeScriptClientWorks(String era, String revision) throws InterruptedException {
    JsonNode got = clients.second(gateway.uri("/mcp"), token, era);

    assertThat(got.get("revision").asText()).isEqualTo(revision);
    assertThat(got.get("plain").asText()).contains("simple text response");
    assertThat(got.get("steps")).hasToString("[0,50,100]");
    assertThat(got.get("asked").asText())
        .startsWith("User response: action=accept")
        .contains("Ada");
    assertThat(got.get("prompt").asText()).endsWith("arg1='one', arg2='two'");
    assertThat(got.get("read").asText()).contains("static text resource");
  }

  @Test
  void clientsThatOnlyKnowStdioComeThroughMcpRemote() {
    try (SdkClient client = SdkClient.direct(clients.remote(gateway.uri("/mcp"), token))) {
      List<String> tools = client.sdk().listTools().tools().stream().map(Tool::name).toList();
      var call =
          CallToolRequest.builder("everything_echo").arguments(Map.of("message", "far away"));
      var content = client.sdk().callTool(call.build()).content().getFirst();

      assertThat(tools).contains("everything_echo", "v2_test_simple_text");
      assertThat(((TextContent) content).text()).isEqualTo("Echo: far away");
    }
  }

  private static List<String> texts(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonNode::asText).toList();
  }
}
