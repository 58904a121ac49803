package io.reflow.gateway.mcp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import io.reflow.gateway.testing.EventClient;
import io.reflow.gateway.testing.EventClient.Event;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.FakeMcpServer.Received;
import io.reflow.gateway.testing.FakeMcpServer.Script;
import io.reflow.gateway.testing.FakeStatelessServer;
import io.reflow.gateway.testing.FakeTools;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.StatelessClient;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.StdioServer.Manner;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What gateways between MCP clients and servers get wrong most often with their targets: each test
/// is named after what this one does instead. [CommonMistakesIT] has those that clients see.
class CommonTargetMistakesIT {

  private static final Map<String, ?> ALL =
      Map.of("roots", Map.of(), "elicitation", Map.of("form", Map.of()));
  private static final String ACCEPTED = "{\"action\":\"accept\",\"content\":{\"n\":1.0}}";

  private static TestGateway gateway;
  private static String admin;

  @BeforeAll
  static void start() {
    gateway = TestGateway.start(Map.of("STDIO_PROBE_TIMEOUT", "300ms", "MCP_LIST_PAGE_SIZE", "2"));
    admin = gateway.adminToken();
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  /// A client that sees this target only, under its own names.
  private static McpTestClient client(String target) {
    return gateway.client(admin, target).initialize();
  }

  private static McpTestClient client(String target, Map<String, ?> capabilities) {
    return gateway.client(admin, target).initialize("2025-11-25", capabilities);
  }

  private static EventClient post(McpTestClient client, String target, String body) {
    return EventClient.post(
        gateway.uri("/mcp/" + target),
        admin,
        body,
        "Mcp-Session-Id",
        client.session().orElseThrow());
  }

  private static String call(int id, String tool, String arguments) {
    return ("{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\",\"params\":{\"name\":\"%s\","
            + "\"arguments\":%s,\"_meta\":{\"progressToken\":\"mine\"}}}")
        .formatted(id, tool, arguments);
  }

  private static int answer(McpTestClient client, JsonNode question, String result) {
    return client
        .post("{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}".formatted(question.get("id"), result))
        .status();
  }

  private static boolean works(McpTestClient client, String tool) {
    return client.callTool(tool, Map.of("x", 1)).answer().has("result");
  }

  private static List<String> bodies(List<Received> received, String method) {
    return received.stream()
        .map(Received::body)
        .filter(body -> FakeTools.method(body).equals(method))
        .toList();
  }

  private static void stream(HttpExchange exchange, String text) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    exchange.getResponseBody().write(text.getBytes(UTF_8));
  }

  private static String data(String message) {
    return "data: " + message + "\n\n";
  }

  private static String progress(String request, int value) {
    return data(
        ("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":"
                + "{\"progressToken\":%s,\"progress\":%d}}")
            .formatted(token(request), value));
  }

  private static JsonNode token(String request) {
    return TestGateway.parse(request).at("/params/_meta/progressToken");
  }

  private static String error(int code, String data) {
    return "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":%d,\"message\":\"no\"%s}}"
        .formatted(code, data);
  }

  /// A tool that asks twice, the second time without a state; with progress in each round.
  private static void asksTwice(HttpExchange exchange, String request) throws IOException {
    String question =
        "{\"resultType\":\"input_required\",\"inputRequests\":{\"%s\":{\"method\":"
            + "\"elicitation/create\",\"params\":{\"message\":\"?\",\"requestedSchema\":{}}}}%s}";
    String result =
        request.contains("\"two\":")
            ? "{\"resultType\":\"complete\",\"content\":[]}"
            : request.contains("\"one\":")
                ? question.formatted("two", "")
                : question.formatted("one", ",\"requestState\":\"\\u0061 \\/ \"");
    stream(
        exchange,
        progress(request, 1)
            + progress(request, 2)
            + data(FakeTools.result(FakeTools.id(request), result)));
  }

  /// The messages of a call that is asked twice, both questions answered.
  private static List<Event> answered(String target, int id) throws InterruptedException {
    McpTestClient client = client(target, ALL);
    List<Event> seen = new ArrayList<>();
    try (EventClient call = post(client, target, call(id, "twice", "{}"))) {
      Event event = call.next();
      while (!event.data().contains("\"result\"")) {
        seen.add(event);
        if (event.method().equals("elicitation/create")) {
          assertThat(answer(client, event.json(), ACCEPTED)).isEqualTo(202);
        }
        event = call.next();
      }
      seen.add(event);
      assertThat(call.rest()).allMatch(late -> late.data().isEmpty());
    }
    return seen;
  }

  // 6. The state of a target is written anew, made up, or sent where it does not belong.
  @Test
  void aTargetsStateComesBackToItsOwnRetryByteForByte() throws InterruptedException {
    try (var server = new FakeStatelessServer()) {
      server.tools().list(List.of("twice"));
      server.script("twice", CommonTargetMistakesIT::asksTwice);
      gateway.target("states", TestGateway.http(server.url()));

      assertThat(answered("states", 1).getLast().json().has("result")).isTrue();

      List<String> rounds = bodies(server.received(), "tools/call");
      assertThat(rounds).hasSize(3);
      assertThat(rounds.get(0)).doesNotContain("requestState", "inputResponses");
      assertThat(rounds.get(1))
          .contains("\"requestState\":\"\\u0061 \\/ \"", "\"one\":" + ACCEPTED);
      assertThat(rounds.get(2))
          .contains("\"two\":" + ACCEPTED)
          .doesNotContain("requestState", "\"one\":");
      assertThat(rounds.stream().map(FakeTools::id)).doesNotHaveDuplicates();
    }
  }

  // 10. Questions go to the general stream, under the id of the target.
  @Test
  void aQuestionGoesToTheStreamOfItsCallUnderAnIdOfTheGateway() throws InterruptedException {
    try (var server = new FakeMcpServer().list("question", "echo")) {
      gateway.target("asks", server);
      McpTestClient client = client("asks", ALL);
      String session = client.session().orElseThrow();
      try (EventClient general =
              EventClient.get(gateway.uri("/mcp/asks"), admin, "Mcp-Session-Id", session);
          EventClient call =
              post(client, "asks", call(7, "question", "{\"ask\":\"roots/list\"}"))) {
        JsonNode question = call.message("roots/list");
        assertThat(question.get("id").asText()).startsWith("g-");
        assertThat(answer(client, question, "{\"roots\":[]}")).isEqualTo(202);
        JsonNode reply = call.answer().at("/result/reply");
        assertThat(reply.get("id").asText()).startsWith("q");
        assertThat(reply.at("/result/roots").isArray()).isTrue();

        client.delete();
        assertThat(general.rest()).allMatch(event -> event.data().isEmpty());
      }
    }
  }

  // 11. What several users share asks one of them at random.
  @Test
  void whatSeveralShareIsToldThatItCanAskNobodyApartFromCalls() throws InterruptedException {
    try (var pipe = new FakeMcpServer().list("question-apart").streaming();
        var shared = new FakeMcpServer().list("question-apart").streaming()) {
      gateway.target("pipe", Map.of("transport_type", "sse", "url", pipe.sseUrl().toString()));
      gateway.target("shared", shared);
      assertAsksNobody("pipe", pipe);
      assertAsksNobody("shared", shared);
      assertThat(bodies(pipe.received(), "initialize").getFirst()).contains("\"capabilities\":{}");
    }
  }

  private static void assertAsksNobody(String target, FakeMcpServer server)
      throws InterruptedException {
    McpTestClient client = client(target, ALL);
    String session = client.session().orElseThrow();
    try (EventClient general =
        EventClient.get(gateway.uri("/mcp/" + target), admin, "Mcp-Session-Id", session)) {
      UpstreamFixtures.await(() -> server.streams() > 0);
      Reply reply = client.callTool("question-apart", Map.of("ask", "roots/list"));

      assertThat(reply.result().at("/reply/error").has("code")).as(reply.body()).isTrue();
      client.delete();
      assertThat(general.rest()).noneMatch(event -> event.method().equals("roots/list"));
    }
  }

  // 12. All clients share a session in which the target hears of what any of them can do.
  @Test
  void aTargetHearsOfEachClientsOwnCapabilities() throws InterruptedException {
    try (var server = new FakeMcpServer().list("question")) {
      gateway.target("able", server);
      String question = call(1, "question", "{\"ask\":\"elicitation/create\"}");

      McpTestClient able = client("able", Map.of("elicitation", Map.of()));
      try (EventClient call = post(able, "able", question)) {
        assertThat(answer(able, call.message("elicitation/create"), ACCEPTED)).isEqualTo(202);
        assertThat(call.answer().at("/result/reply/result/action").asText()).isEqualTo("accept");
      }
      McpTestClient other = client("able", Map.of("roots", Map.of()));
      assertThat(other.post(question).result().at("/reply/error/code").asInt()).isEqualTo(-32601);

      List<JsonNode> told =
          bodies(server.received(), "initialize").stream()
              .map(body -> TestGateway.parse(body).at("/params/capabilities"))
              .toList();
      assertThat(told).anyMatch(each -> each.has("elicitation") && !each.has("roots"));
      assertThat(told).anyMatch(each -> each.has("roots") && !each.has("elicitation"));
      assertThat(told).noneMatch(each -> each.has("roots") && each.has("elicitation"));
      assertThat(
              server.received().stream()
                  .filter(each -> FakeTools.method(each.body()).equals("tools/call"))
                  .map(each -> each.header("mcp-session-id").orElseThrow()))
          .hasSize(2)
          .doesNotHaveDuplicates();
    }
  }

  // 13. One error is taken for the sign of an era, or trouble for one.
  @Test
  void noErrorAndNoTroubleIsTheSignOfAnEra() throws InterruptedException {
    List<Script> refusals =
        List.of(
            Script.respond(200, "application/json", FakeTools.result("$id", "{}")),
            Script.respond(200, "application/json", error(-32602, "")),
            Script.respond(400, "application/json", error(-32000, "")),
            Script.respond(405, "text/plain", "no"));
    for (int i = 0; i < refusals.size(); i++) {
      try (var older = new FakeMcpServer()) {
        older.script("server/discover", refusals.get(i));
        gateway.target("older" + i, older);
        assertThat(works(client("older" + i), "echo")).isTrue();
        assertThat(older.sessions()).isNotEmpty();
      }
    }
    for (int status : new int[] {401, 503}) {
      try (var newer = new FakeStatelessServer()) {
        newer.script("server/discover", Script.respond(status, "text/plain", "later"));
        gateway.target("newer" + status, TestGateway.http(newer.url()));
        McpTestClient client = client("newer" + status);
        assertThat(works(client, "echo")).isFalse();

        newer.unscript("server/discover");
        UpstreamFixtures.await(() -> works(client, "echo"));
        assertThat(newer.received("initialize")).isEmpty();
      }
    }
  }

  // 14. What was found out once is believed for ever, or given up at the first failure.
  @Test
  void anUpgradeIsFoundOutAndOneFailureProvesNothing() throws InterruptedException {
    try (var server = new FakeStatelessServer()) {
      server.script("server/discover", Script.respond(404, "text/plain", "no"));
      server.script(
          "initialize",
          (exchange, request) -> {
            exchange.getResponseHeaders().set("Mcp-Session-Id", "s");
            Script.respond(
                    200,
                    "application/json",
                    FakeTools.result("$id", FakeTools.initializeResult("2025-11-25")))
                .answer(exchange, request);
          });
      server.script("notifications/initialized", Script.respond(202, "text/plain", ""));
      gateway.target("upgrade", TestGateway.http(server.url()));
      McpTestClient client = client("upgrade");
      assertThat(works(client, "echo")).isTrue();
      assertThat(server.received("initialize")).isNotEmpty();

      server.unscript("server/discover");
      server.unscript("initialize");
      Script upgraded =
          (exchange, request) ->
              (request.contains("io.modelcontextprotocol/protocolVersion")
                      ? Script.respond(
                          200, "application/json", FakeTools.result("$id", "{\"content\":[]}"))
                      : Script.respond(
                          400,
                          "application/json",
                          error(-32022, ",\"data\":{\"supported\":[\"2026-07-28\"]}")))
                  .answer(exchange, request);
      server.script("echo", upgraded);
      UpstreamFixtures.await(() -> works(client, "echo"));

      int initialized = server.received("initialize").size();
      server.script("echo", Script.respond(500, "text/plain", "oh"));
      assertThat(works(client, "echo")).isFalse();
      server.script("echo", upgraded);
      UpstreamFixtures.await(() -> works(client, "echo"));
      assertThat(server.received("initialize")).hasSize(initialized);
    }
  }

  // 15. A server that names its versions is initialized all the same.
  @Test
  void aServerThatNamesItsVersionsIsTakenAtItsWord() {
    String versions = ",\"data\":{\"supported\":[\"%s\"],\"requested\":\"2026-07-28\"}";
    try (var later = new FakeMcpServer();
        var older = new FakeMcpServer()) {
      later.script(
          "server/discover",
          Script.respond(400, "application/json", error(-32022, versions.formatted("2027-01-01"))));
      older.script(
          "server/discover",
          Script.respond(400, "application/json", error(-32022, versions.formatted("2025-11-25"))));
      gateway.target("later", later);
      gateway.target("earlier", older);

      assertThat(client("later").callTool("echo", Map.of()).error().get("message").asText())
          .contains("'later'", "version");
      assertThat(bodies(later.received(), "initialize")).isEmpty();
      assertThat(works(client("earlier"), "echo")).isTrue();
    }
  }

  // 16. A child that dies of a question, is slow, noisy or busy, is lost.
  @Test
  void childrenThatDieOrStallOrChatterAreServedAllTheSame()
      throws ExecutionException, InterruptedException {
    gateway.target("dies", StdioServer.command(Manner.DIES));
    gateway.target("slow", StdioServer.command(Manner.SLOW_STATELESS));
    gateway.target("noisy", StdioServer.command("garbage", "complain", "echo"));

    assertThat(works(client("dies"), "echo")).isTrue();
    assertThat(works(client("slow"), "echo")).isTrue();
    McpTestClient noisy = client("noisy");
    assertThat(works(noisy, "garbage")).isTrue();
    assertThat(noisy.callTool("complain", Map.of("count", 20)).answer().has("result")).isTrue();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> echoes =
          IntStream.range(0, 30)
              .mapToObj(i ->
                  threads.submit(() ->
                      noisy
                          .callTool("echo", Map.of("x", large(i)))
                          .result()
                          .at("/echo/x")
                          .asText()))
              .toList();
      for (int i = 0; i < echoes.size(); i++) {
        assertThat(echoes.get(i).get()).isEqualTo(large(i));
      }
    }
  }

  private static String large(int i) {
    return (i + " ").repeat(20_000);
  }

  // 18. Pages end too soon or never, or come in an order of their own.
  @Test
  void pagesAreReadToTheirEndAndHandedOutInOrder() {
    try (var server = new FakeStatelessServer()) {
      server.script(
          "tools/list",
          (exchange, request) -> {
            JsonNode cursor = TestGateway.parse(request).at("/params/cursor");
            String page =
                cursor.isMissingNode()
                    ? "{\"tools\":[{\"name\":\"z\"},{\"name\":\"a\"}],\"nextCursor\":\"\"}"
                    : cursor.asText().isEmpty()
                        ? "{\"tools\":[{\"name\":\"m\"}],\"nextCursor\":\"again\"}"
                        : "{\"tools\":[{\"name\":\"b\"}],\"nextCursor\":\"again\"}";
            Script.respond(200, "application/json", FakeTools.result("$id", page))
                .answer(exchange, request);
          });
      gateway.target("pages", TestGateway.http(server.url()));
      McpTestClient older = client("pages");
      List<String> names = older.toolNames();

      assertThat(names).containsExactly("z", "a", "m", "b");
      assertThat(older.toolNames()).isEqualTo(names);
      StatelessClient client = new StatelessClient(gateway.client(admin, "pages"));
      JsonNode first = client.request("tools/list", Map.of()).result();
      String cursor = first.get("nextCursor").asText();
      JsonNode second = client.request("tools/list", Map.of("cursor", cursor)).result();
      assertThat(second.has("nextCursor")).isFalse();
      assertThat(second.get("cacheScope")).isEqualTo(first.get("cacheScope"));
      for (String strange : List.of("", "again")) {
        assertThat(
                client.request("tools/list", Map.of("cursor", strange)).error().get("code").asInt())
            .isEqualTo(-32602);
      }
    }
  }

  // 22. What is between the client and the gateway reaches the target, or the other way round.
  @Test
  void credentialsOfOneSideNeverReachTheOther() {
    try (var server = new FakeMcpServer().list("echo", "locked")) {
      server.script(
          "locked",
          (exchange, request) -> {
            exchange.getResponseHeaders().set("WWW-Authenticate", "Bearer realm=\"theirs\"");
            Script.respond(401, "text/plain", "who?").answer(exchange, request);
          });
      gateway.target("strict", server);
      McpTestClient client = client("strict");

      Reply reply =
          client.post(
              call(1, "echo", "{}"), "Cookie", "taste=chocolate", "Origin", "http://localhost");
      assertThat(reply.status()).as(reply.body()).isEqualTo(200);
      assertThat(server.received())
          .isNotEmpty()
          .noneMatch(one -> one.headers().toString().contains(admin))
          .noneMatch(one -> one.header("cookie").isPresent() || one.header("origin").isPresent())
          .noneMatch(one -> one.header("mcp-session-id").equals(client.session()));

      Reply locked = client.callTool("locked", Map.of());
      assertThat(locked.status()).isEqualTo(200);
      assertThat(locked.error().get("code").asInt()).isEqualTo(-32603);
      assertThat(locked.header("www-authenticate")).isEmpty();

      for (String name : List.of("token", "access_token")) {
        String path = "/mcp/strict?%s=%s".formatted(name, admin);
        assertThat(gateway.post(path, Optional.empty(), call(1, "echo", "{}")).status())
            .as("a token in a URL does not count, it is refused")
            .isEqualTo(400);
      }
    }
  }

  // 24. Progress is told to others, backwards, or when all is over.
  @Test
  void progressGoesForwardAndToItsOwnCallOnly() throws InterruptedException {
    try (var server = new FakeStatelessServer();
        var older = new FakeMcpServer().list("steps", "question")) {
      server.tools().list(List.of("twice"));
      server.script("twice", CommonTargetMistakesIT::asksTwice);
      gateway.target("rounds", TestGateway.http(server.url()));
      assertIncreasing(answered("rounds", 1));

      older.script(
          "steps",
          (exchange, request) ->
              stream(
                  exchange,
                  progress(request, 2)
                      + progress(request, 1)
                      + progress(request, 3)
                      + progress("{}", 4).replace("\"progressToken\":,", "\"progressToken\":99999,")
                      + data(FakeTools.result(FakeTools.id(request), "{\"content\":[]}"))
                      + progress(request, 5)));
      gateway.target("steps", older);
      for (int i = 0; i < 2; i++) {
        McpTestClient client = client("steps");
        try (EventClient call = post(client, "steps", call(1, "steps", "{}"))) {
          List<Event> seen = call.rest().stream().filter(event -> !event.data().isEmpty()).toList();
          assertIncreasing(seen);
          assertThat(seen).hasSize(3);
          assertThat(seen.getLast().json().has("result")).isTrue();
        }
      }
      assertThat(
              bodies(older.received(), "tools/call").stream()
                  .map(CommonTargetMistakesIT::token)
                  .map(JsonNode::asText))
          .hasSize(2)
          .doesNotHaveDuplicates()
          .doesNotContain("mine");

      JsonNode question =
          new StatelessClient(gateway.client(admin, "steps"))
              .can(Map.of("elicitation", Map.of()))
              .callTool(
                  "question",
                  Map.of(
                      "ask",
                      "elicitation/create",
                      "message",
                      "?",
                      "requestedSchema",
                      Map.of(),
                      "_meta",
                      Map.of("progressToken", 0)))
              .result();
      assertThat(question.get("resultType").asText()).isEqualTo("input_required");
      assertThat(question.toString()).doesNotContain("progressToken");
    }
  }

  private static void assertIncreasing(List<Event> events) {
    List<Integer> values =
        events.stream()
            .filter(event -> event.method().equals("notifications/progress"))
            .peek(event ->
                assertThat(event.json().at("/params/progressToken").asText()).isEqualTo("mine"))
            .map(event -> event.json().at("/params/progress").asInt())
            .toList();
    assertThat(values).isNotEmpty().isSorted().doesNotHaveDuplicates();
  }

  // 25. Event streams and headers are read as they mostly are, and not as they may be.
  @Test
  void everyFormOfAStreamAndOfAHeaderIsRead() throws InterruptedException {
    try (var server = new FakeMcpServer().list("forms")) {
      server.answer(
          "tools/list",
          "{\"tools\":[{\"name\":\"forms\",\"inputSchema\":{\"type\":\"object\",\"properties\":"
              + "{\"size\":{\"type\":\"integer\",\"x-mcp-header\":\"Size\"}}}}]}");
      server.script(
          "forms",
          (exchange, request) -> {
            stream(exchange, ": a comment\r\nid: 1\r\ndata:\r\n\r\nretry: 5\rid: 2\rdata\r\r");
            String id = FakeTools.id(request);
            byte[] message =
                ("data: {\"jsonrpc\":\"2.0\",\r\ndata: \"id\":%s,\r\ndata:\"result\":".formatted(id)
                        + "{\"text\":\"gr\u00fc\u00dfe \u20ac\"}}\r\n\r\n")
                    .getBytes(UTF_8);
            for (byte one : message) {
              exchange.getResponseBody().write(one);
              exchange.getResponseBody().flush();
            }
          });
      gateway.target("forms", server);
      Reply read = client("forms").callTool("forms", Map.of());
      assertThat(read.result().get("text").asText()).isEqualTo("gr\u00fc\u00dfe \u20ac");

      assertThat(sized("forms", "42.0").status()).isEqualTo(200);
      assertThat(sized("=?base64?Zm9ybXM=?=", "=?base64?NDI=?=").status()).isEqualTo(200);
      for (Reply refused :
          List.of(
              sized("forms", "43"),
              sized("forms", "=?base64?NDI?="),
              sized("=?base64?Zm9ybXM?=", "42"))) {
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.error().get("code").asInt()).isEqualTo(-32020);
      }

      server.script(
          "forms",
          (exchange, request) ->
              stream(
                  exchange,
                  progress(request, 1)
                      + data(FakeTools.result(FakeTools.id(request), "{\"content\":[]}"))));
      try (EventClient written = post(client("forms"), "forms", call(1, "forms", "{}"))) {
        assertThat(written.header("x-accel-buffering")).contains("no");
        assertThat(written.answer().has("result")).isTrue();
      }
    }
  }

  private static Reply sized(String name, String size) {
    Map<String, ?> params = Map.of("name", "forms", "arguments", Map.of("size", 42));
    McpTestClient http = gateway.client(admin, "forms");
    return http.send(
        "POST",
        BodyPublishers.ofString(new StatelessClient(http).body(1, "tools/call", params)),
        "MCP-Protocol-Version",
        StatelessClient.VERSION,
        "Mcp-Method",
        "tools/call",
        "Mcp-Name",
        name,
        "Mcp-Param-Size",
        size);
  }
}
