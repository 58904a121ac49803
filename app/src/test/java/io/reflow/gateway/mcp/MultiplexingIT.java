package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.FakeMcpServer.Script;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Several targets behind one endpoint: pages, routes, one target's own path, cancellation.
class MultiplexingIT {

  private static final String CAPABILITIES =
      """
      {"protocolVersion":"2025-11-25","capabilities":{"tools":{},"prompts":{},"resources":{},\
      "completions":{}},"serverInfo":{"name":"fake","version":"1"}}\
      """;

  private static final List<FakeMcpServer> SERVERS = new ArrayList<>();
  private static TestGateway gateway;
  private static McpTestClient client;

  @BeforeAll
  static void start() {
    gateway = TestGateway.start(Map.of("MCP_LIST_PAGE_SIZE", "3"));
    for (String name : List.of("alpha", "beta", "gamma")) {
      FakeMcpServer server = new FakeMcpServer();
      SERVERS.add(server);
      server.script("initialize", opening(name));
      server.script("notifications/initialized", Script.respond(202, "text/plain", ""));
      server.script("tools/list", pages("tools", tools()));
      server.script("prompts/list", pages("prompts", List.of("{\"name\":\"greet\"}")));
      server.script("resources/list", pages("resources", resources(name)));
      server.script("resources/templates/list", pages("resourceTemplates", templates(name)));
      server.answer("prompts/get", "{\"messages\":[],\"description\":\"of %s\"}".formatted(name));
      server.answer("resources/read", "{\"contents\":[],\"from\":\"%s\"}".formatted(name));
      server.answer(
          "completion/complete", "{\"completion\":{\"values\":[\"%s\"]}}".formatted(name));
      server.answer("t0", "{\"content\":[],\"from\":\"%s\"}".formatted(name));
      gateway.target(name, server);
    }
    client = gateway.client(gateway.adminToken()).initialize();
  }

  private static Script opening(String name) {
    return (exchange, request) -> {
      exchange.getResponseHeaders().set("Mcp-Session-Id", "session-of-" + name);
      Script.respond(
              200,
              "application/json",
              "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":" + CAPABILITIES + "}")
          .answer(exchange, request);
    };
  }

  private static List<String> tools() {
    return Stream.concat(
            IntStream.range(0, 7).mapToObj("t%d"::formatted), Stream.of("silent", "progress"))
        .map("{\"name\":\"%s\",\"inputSchema\":{\"type\":\"object\"}}"::formatted)
        .toList();
  }

  private static List<String> resources(String name) {
    return IntStream.range(0, 4)
        .mapToObj(i -> "{\"uri\":\"%s://r%d\",\"name\":\"r%d\"}".formatted(name, i, i))
        .toList();
  }

  private static List<String> templates(String name) {
    return List.of("{\"uriTemplate\":\"%s://item/{id}\",\"name\":\"item\"}".formatted(name));
  }

  /// Pages of two; an empty cursor, which counts as one, leads to the second page.
  private static Script pages(String member, List<String> items) {
    return (exchange, request) -> {
      JsonNode cursor = TestGateway.parse(request).path("params").path("cursor");
      String text = cursor.isMissingNode() ? "0" : cursor.asText();
      int from = text.isEmpty() ? 2 : Integer.parseInt(text);
      int to = Math.min(from + 2, items.size());
      String next = to < items.size() ? ",\"nextCursor\":\"" + (to == 2 ? "" : to) + "\"" : "";
      Script.respond(
              200,
              "application/json",
              "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{\"%s\":[%s]%s}}"
                  .formatted(member, String.join(",", items.subList(from, to)), next))
          .answer(exchange, request);
    };
  }

  @AfterAll
  static void stop() {
    gateway.close();
    SERVERS.forEach(FakeMcpServer::close);
  }

  @Test
  void aMergedListIsWholeOverAllPages() {
    List<String> expected =
        Stream.of("alpha", "beta", "gamma")
            .flatMap(name ->
                Stream.of("t0", "t1", "t2", "t3", "t4", "t5", "t6", "silent", "progress")
                    .map(tool -> name + "_" + tool))
            .toList();

    assertThat(client.toolNames()).isEqualTo(expected);
    assertThat(client.request("tools/list", Map.of()).result().get("tools")).hasSize(3);
    assertThat(client.names("prompts/list", "prompts", "name"))
        .containsExactly("alpha_greet", "beta_greet", "gamma_greet");
    assertThat(client.names("resources/list", "resources", "uri"))
        .hasSize(12)
        .doesNotHaveDuplicates();
    assertThat(client.names("resources/templates/list", "resourceTemplates", "uriTemplate"))
        .containsExactly("alpha://item/{id}", "beta://item/{id}", "gamma://item/{id}");
  }

  @Test
  void aCursorIsOfItsCallerAndItsList() {
    String cursor = client.request("tools/list", Map.of()).result().get("nextCursor").asText();
    McpTestClient other =
        gateway.client(gateway.userToken("pages@example.com", "admin")).initialize();

    Map<String, String> params = Map.of("cursor", cursor);
    assertThat(other.request("tools/list", params).error().get("code").asInt()).isEqualTo(-32602);
    assertThat(client.request("prompts/list", params).error().get("code").asInt())
        .isEqualTo(-32602);
    JsonNode once = client.request("tools/list", params).result().get("tools");
    assertThat(client.request("tools/list", params).result().get("tools")).isEqualTo(once);
  }

  @Test
  void everyRequestGoesToItsTarget() {
    for (String name : List.of("alpha", "beta", "gamma")) {
      assertThat(client.callTool(name + "_t0", Map.of()).result().get("from").asText())
          .isEqualTo(name);
      Reply prompt = client.request("prompts/get", Map.of("name", name + "_greet"));
      assertThat(prompt.result().get("description").asText()).isEqualTo("of " + name);
      for (String uri : List.of(name + "://r3", name + "://item/5")) {
        Reply read = client.request("resources/read", Map.of("uri", uri));
        assertThat(read.result().get("from").asText()).isEqualTo(name);
      }
      for (Map<String, String> ref :
          List.of(
              Map.of("type", "ref/prompt", "name", name + "_greet"),
              Map.of("type", "ref/resource", "uri", name + "://item/{id}"))) {
        Map<String, ?> argument = Map.of("name", "id", "value", "");
        Reply completed =
            client.request("completion/complete", Map.of("ref", ref, "argument", argument));
        assertThat(completed.result().get("completion").get("values").get(0).asText())
            .isEqualTo(name);
      }
    }
  }

  @Test
  void thePathOfATargetHasItsBareNames() {
    McpTestClient beta = gateway.client(gateway.adminToken(), "beta").initialize();

    assertThat(beta.toolNames())
        .containsExactly("t0", "t1", "t2", "t3", "t4", "t5", "t6", "silent", "progress");
    assertThat(beta.callTool("t0", Map.of()).result().get("from").asText()).isEqualTo("beta");
    assertThat(beta.callTool("beta_t0", Map.of()).error().get("code").asInt()).isEqualTo(-32602);
    assertThat(beta.request("resources/read", Map.of("uri", "alpha://r0")).result().get("from"))
        .as("the only target is asked, and no other")
        .hasToString("\"beta\"");
    assertThat(beta.names("resources/list", "resources", "uri"))
        .containsExactly("beta://r0", "beta://r1", "beta://r2", "beta://r3");
  }

  @Test
  void aCancelledCallIsCancelledUpstreamToo() throws ExecutionException, InterruptedException {
    FakeMcpServer alpha = SERVERS.getFirst();
    alpha.script(
        "silent",
        (exchange, _) -> {
          exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().flush();
          Thread.sleep(60_000);
        });
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Reply> call =
          threads.submit(
              () -> client.request("mine", "tools/call", Map.of("name", "alpha_silent")));
      UpstreamFixtures.await(() -> sent(alpha, "\"silent\"").isPresent());

      Reply cancel =
          client.post(
              "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\","
                  + "\"params\":{\"requestId\":\"mine\",\"reason\":\"enough\"}}");

      assertThat(cancel.status()).isEqualTo(202);
      assertThat(call.get().status()).isEqualTo(202);
      assertThat(call.get().body()).isEmpty();
    }
    UpstreamFixtures.await(() -> sent(alpha, "notifications/cancelled").isPresent());
    JsonNode request = TestGateway.parse(sent(alpha, "\"silent\"").orElseThrow());
    JsonNode notification = TestGateway.parse(sent(alpha, "notifications/cancelled").orElseThrow());
    assertThat(notification.get("params").get("requestId")).isEqualTo(request.get("id"));
    JsonNode row =
        gateway.row(
            "outcome=cancelled", found -> found.path("feature_name").asText().equals("silent"));
    assertThat(row.get("target_name").asText()).isEqualTo("alpha");
  }

  private static Optional<String> sent(FakeMcpServer server, String text) {
    return server.received().stream()
        .map(FakeMcpServer.Received::body)
        .filter(body -> body.contains(text))
        .findFirst();
  }
}
