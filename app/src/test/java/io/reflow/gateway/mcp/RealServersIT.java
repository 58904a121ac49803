package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.CompleteReference;
import io.modelcontextprotocol.spec.McpSchema.CompleteRequest;
import io.modelcontextprotocol.spec.McpSchema.CompleteRequest.CompleteArgument;
import io.modelcontextprotocol.spec.McpSchema.GetPromptRequest;
import io.modelcontextprotocol.spec.McpSchema.ProgressNotification;
import io.modelcontextprotocol.spec.McpSchema.Prompt;
import io.modelcontextprotocol.spec.McpSchema.PromptReference;
import io.modelcontextprotocol.spec.McpSchema.ReadResourceRequest;
import io.modelcontextprotocol.spec.McpSchema.Resource;
import io.modelcontextprotocol.spec.McpSchema.ResourceReference;
import io.modelcontextprotocol.spec.McpSchema.ResourceTemplate;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.TextResourceContents;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.NodeServers;
import io.reflow.gateway.testing.RunningServer;
import io.reflow.gateway.testing.SdkClient;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Real MCP servers behind the gateway, used with the official client: everything over STDIO and
/// over both kinds of HTTP, one for files and one that remembers.
class RealServersIT {

  @TempDir private static Path folder;

  private static NodeServers servers;
  private static RunningServer web;
  private static RunningServer old;
  private static TestGateway gateway;
  private static SdkClient admin;
  private static String everythingId;

  @BeforeAll
  static void start() throws InterruptedException {
    servers = NodeServers.install();
    web = servers.everythingOverHttp();
    old = servers.everythingOverSse();
    gateway = TestGateway.start();
    everythingId = gateway.target("everything", servers.everything());
    gateway.target("files", servers.filesystem(folder));
    gateway.target("memory", memory());
    gateway.target("old", Map.of("transport_type", "sse", "url", old.url().toString()));
    gateway.target("web", TestGateway.http(web.url()));
    admin = SdkClient.connect(gateway.uri("/mcp"), gateway.adminToken());
  }

  /// What it remembers, it keeps in a file beside the others.
  private static List<String> memory() {
    return Stream.concat(
            Stream.of("/usr/bin/env", "MEMORY_FILE_PATH=" + folder.resolve("memory.jsonl")),
            servers.memory().stream())
        .toList();
  }

  @AfterAll
  static void stop() {
    if (admin != null) {
      admin.close();
    }
    if (gateway != null) {
      gateway.close();
    }
    for (RunningServer server : Stream.of(web, old).filter(Objects::nonNull).toList()) {
      server.close();
    }
  }

  private static McpSyncClient mcp() {
    return admin.sdk();
  }

  private static List<String> toolNames(McpSyncClient client) {
    return client.listTools().tools().stream().map(Tool::name).toList();
  }

  private static CallToolResult call(
      McpSyncClient client, String tool, Map<String, Object> arguments) {
    return client.callTool(CallToolRequest.builder(tool).arguments(arguments).build());
  }

  private static String text(CallToolResult result) {
    return ((TextContent) result.content().getFirst()).text();
  }

  @Test
  void adminSeesAllToolsOfAllServers() {
    List<String> expected = new ArrayList<>();
    try (SdkClient everything = SdkClient.direct(web.url());
        SdkClient files = SdkClient.direct(servers.filesystem(folder));
        SdkClient memory = SdkClient.direct(memory())) {
      List<String> many = toolNames(everything.sdk());
      many.forEach(name -> expected.add("everything_" + name));
      toolNames(files.sdk()).forEach(name -> expected.add("files_" + name));
      toolNames(memory.sdk()).forEach(name -> expected.add("memory_" + name));
      many.forEach(name -> expected.add("old_" + name));
      many.forEach(name -> expected.add("web_" + name));
    }

    assertThat(expected).hasSizeGreaterThan(30);
    assertThat(toolNames(mcp())).containsExactlyElementsOf(expected);
  }

  @Test
  void aToolIsTheSameThroughTheGateway() {
    try (SdkClient direct = SdkClient.direct(web.url())) {
      List<Tool> tools = direct.sdk().listTools().tools();

      List<Tool> behind =
          mcp().listTools().tools().stream()
              .filter(tool -> tool.name().startsWith("web_"))
              .map(RealServersIT::withoutPrefix)
              .toList();

      assertThat(behind).isEqualTo(tools);
    }
  }

  private static Tool withoutPrefix(Tool tool) {
    return new Tool(
        tool.name().substring("web_".length()),
        tool.title(),
        tool.description(),
        tool.inputSchema(),
        tool.outputSchema(),
        tool.annotations(),
        tool.meta(),
        tool.icons());
  }

  @Test
  void toolsOfAllServersCanBeCalled() throws IOException {
    Path file = Files.writeString(folder.resolve("hello.txt"), "Grüße aus der Datei");

    assertThat(text(call(mcp(), "everything_echo", Map.of("message", "over stdio"))))
        .isEqualTo("Echo: over stdio");
    assertThat(text(call(mcp(), "web_echo", Map.of("message", "over http"))))
        .isEqualTo("Echo: over http");
    assertThat(text(call(mcp(), "old_echo", Map.of("message", "over sse"))))
        .isEqualTo("Echo: over sse");
    assertThat(text(call(mcp(), "files_read_text_file", Map.of("path", file.toString()))))
        .isEqualTo("Grüße aus der Datei");
    assertThat(
            call(mcp(), "web_get-structured-content", Map.of("location", "New York"))
                .structuredContent())
        .asString()
        .contains("temperature");
  }

  @Test
  void whatOneIsToldItStillKnows() {
    Map<String, Object> ada =
        Map.of("name", "Ada", "entityType", "person", "observations", List.of("wrote programs"));

    CallToolResult told = call(mcp(), "memory_create_entities", Map.of("entities", List.of(ada)));
    CallToolResult found = call(mcp(), "memory_search_nodes", Map.of("query", "programs"));

    assertThat(told.isError()).isNotEqualTo(true);
    assertThat(text(found)).contains("Ada");
  }

  @Test
  void errorsOfAToolComeFromTheServer() {
    CallToolResult outside = call(mcp(), "files_read_text_file", Map.of("path", "/etc/passwd"));

    assertThat(outside.isError()).isTrue();
    assertThat(text(outside)).contains("Access denied");
  }

  @Test
  void aUserWithOnePolicySeesAndCallsJustThatTool() {
    String token = gateway.userToken("one@example.com", "user");
    gateway.allowTool(everythingId, "echo", token);

    try (SdkClient one = SdkClient.connect(gateway.uri("/mcp"), token)) {
      assertThat(toolNames(one.sdk())).containsExactly("everything_echo");
      assertThat(one.sdk().listPrompts().prompts()).isEmpty();
      assertThat(one.sdk().listResources().resources()).isEmpty();
      assertThat(one.sdk().listResourceTemplates().resourceTemplates()).isEmpty();
      assertThat(text(call(one.sdk(), "everything_echo", Map.of("message", "mine"))))
          .isEqualTo("Echo: mine");
      for (String other : List.of("everything_get-env", "web_echo", "files_list_directory")) {
        assertThatThrownBy(() -> call(one.sdk(), other, Map.of()))
            .isInstanceOf(McpError.class)
            .hasMessageContaining("Unknown tool: " + other);
      }
    }
  }

  @Test
  void aUserWithoutAPolicySeesAndCallsNothing() {
    String token = gateway.userToken("none@example.com", "user");
    McpTestClient none = gateway.client(token).initialize();

    assertThat(none.names("tools/list", "tools", "name")).isEmpty();
    assertThat(none.names("prompts/list", "prompts", "name")).isEmpty();
    assertThat(none.names("resources/list", "resources", "uri")).isEmpty();
    assertThat(none.names("resources/templates/list", "resourceTemplates", "name")).isEmpty();
    assertThat(none.callTool("everything_echo", Map.of("message", "x")).error().toString())
        .isEqualTo("{\"code\":-32602,\"message\":\"Unknown tool: everything_echo\"}");
    try (SdkClient official = SdkClient.connect(gateway.uri("/mcp"), token)) {
      assertThat(official.sdk().isInitialized()).isTrue();
    }
  }

  @Test
  void resourcesAndTemplatesCanBeRead() {
    assertThat(mcp().listResources().resources())
        .extracting(Resource::uri)
        .contains("demo://resource/static/document/features.md")
        .doesNotHaveDuplicates();
    assertThat(mcp().listResourceTemplates().resourceTemplates())
        .extracting(ResourceTemplate::uriTemplate)
        .contains("demo://resource/dynamic/text/{resourceId}");

    for (String uri :
        List.of("demo://resource/static/document/features.md", "demo://resource/dynamic/text/7")) {
      var contents = mcp().readResource(ReadResourceRequest.builder(uri).build()).contents();
      assertThat(contents).hasSize(1);
      assertThat(contents.getFirst()).isInstanceOf(TextResourceContents.class);
      assertThat(contents.getFirst().uri()).isEqualTo(uri);
    }
    assertThatThrownBy(
            () -> mcp().readResource(ReadResourceRequest.builder("demo://nowhere").build()))
        .isInstanceOf(McpError.class)
        .hasMessageContaining("demo://nowhere");
  }

  @Test
  void promptsCanBeGotAndCompleted() {
    assertThat(mcp().listPrompts().prompts())
        .extracting(Prompt::name)
        .contains("everything_simple-prompt", "web_args-prompt", "web_completable-prompt");

    var request =
        GetPromptRequest.builder("everything_args-prompt").arguments(Map.of("city", "Kyiv"));
    var message = mcp().getPrompt(request.build()).messages().getFirst();
    assertThat(((TextContent) message.content()).text()).contains("Kyiv");

    assertThat(completions(new PromptReference("web_completable-prompt"), "department", "E"))
        .contains("Engineering");
    assertThat(completions(new PromptReference("everything_completable-prompt"), "department", "S"))
        .contains("Sales", "Support");
    var template = new ResourceReference("demo://resource/dynamic/text/{resourceId}");
    assertThat(completions(template, "resourceId", "3")).contains("3");
  }

  private static List<String> completions(CompleteReference of, String argument, String begun) {
    var request = CompleteRequest.builder(of, new CompleteArgument(argument, begun)).build();
    return mcp().completeCompletion(request).completion().values();
  }

  @Test
  void progressArrivesFromAllTransports() throws InterruptedException {
    for (String target : List.of("everything", "old", "web")) {
      String token = "progress-of-" + target;
      CallToolResult result =
          mcp()
              .callTool(
                  CallToolRequest.builder(target + "_trigger-long-running-operation")
                      .arguments(Map.of("duration", 1, "steps", 4))
                      .progressToken(token)
                      .build());

      assertThat(text(result)).contains("completed");
      UpstreamFixtures.await(() -> steps(token).size() == 4);
      assertThat(steps(token)).containsExactly(1.0, 2.0, 3.0, 4.0);
    }
  }

  private static List<Double> steps(String token) {
    return admin.progress().stream()
        .filter(progress -> progress.progressToken().equals(token))
        .map(ProgressNotification::progress)
        .toList();
  }

  @Test
  void everyCallHasItsRow() throws InterruptedException {
    String token = gateway.userToken("seen@example.com", "user");
    gateway.allowTool(everythingId, "echo", token);
    try (SdkClient seen = SdkClient.connect(gateway.uri("/mcp"), token)) {
      for (int i = 0; i < 3; i++) {
        assertThat(text(call(seen.sdk(), "everything_echo", Map.of("message", "number " + i))))
            .endsWith("number " + i);
      }
      assertThatThrownBy(() -> call(seen.sdk(), "everything_get-env", Map.of()))
          .isInstanceOf(McpError.class);
    }

    String calls = "method=tools/call&user_id=" + gateway.userId(token);
    UpstreamFixtures.await(() -> gateway.logs(calls).size() == 4);

    List<JsonNode> rows = gateway.logs(calls);
    assertThat(rows)
        .extracting(row -> row.path("feature_name").asText() + " " + row.path("outcome").asText())
        .containsExactly("get-env denied", "echo allowed", "echo allowed", "echo allowed");
    assertThat(rows)
        .allSatisfy(row -> {
          assertThat(row.path("user_email").asText()).isEqualTo("seen@example.com");
          assertThat(row.path("target_name").asText()).isEqualTo("everything");
          assertThat(row.path("trace_id").asText()).matches("[0-9a-f]{32}");
          assertThat(row.path("session_id").asText()).isNotEmpty();
          assertThat(row.path("client_name").asText()).isNotEmpty();
          assertThat(row.toString()).doesNotContain("number ");
        });
    assertThat(rows.subList(1, 4))
        .allSatisfy(row -> assertThat(row.path("policy").asText()).startsWith("allow echo"));
  }
}
