package io.reflow.gateway.mcp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.EventClient;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.FakeMcpServer.Script;
import io.reflow.gateway.testing.FakeStatelessServer;
import io.reflow.gateway.testing.FakeTools;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.RawClient;
import io.reflow.gateway.testing.StatelessClient;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What gateways between MCP clients and servers get wrong most often, seen from the clients: each
/// test is named after what this one does instead. [CommonTargetMistakesIT] has those that are made
/// with targets.
class CommonMistakesIT {

  private static final String LISTEN = "subscriptions/listen";
  private static final String SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId";
  private static final String PAGE = "https://app.example.com";

  /// What no implementation would write, and every one could read.
  private static final String ODD =
      "{\"zeta\":1.0,\"alpha\":1e2,\"id\":\"007\",\"long\":12345678901234567890,\"nil\":null,"
          + "\"\\u0061\":{\"b\":[1.10,-0.0]}}";

  private static final Map<String, Object> NAME =
      Map.of("ask", "elicitation/create", "message", "Name?", "requestedSchema", Map.of());

  private static FakeMcpServer web;
  private static FakeMcpServer words;
  private static FakeStatelessServer modern;
  private static TestGateway gateway;
  private static String admin;

  @BeforeAll
  static void start() {
    web = new FakeMcpServer().list("echo", "question", "silent", "progress", "odd", "talk", "page");
    words = words();
    modern = new FakeStatelessServer();
    modern.tools().list(List.of("confirm", "echo"));
    gateway = TestGateway.start(Map.of("CORS_ALLOWED_ORIGINS", PAGE));
    admin = gateway.adminToken();
    gateway.target("web", web);
    gateway.target("words", words);
    gateway.target("modern", TestGateway.http(modern.url()));
  }

  /// A server of the older era with a little of everything.
  private static FakeMcpServer words() {
    FakeMcpServer server = new FakeMcpServer();
    server.answer(
        "initialize",
        """
        {"protocolVersion":"2025-11-25","capabilities":{"tools":{},"prompts":{},"resources":{},\
        "completions":{}},"serverInfo":{"name":"words","version":"1"}}\
        """);
    server.script("notifications/initialized", Script.respond(202, "text/plain", ""));
    server.answer(
        "tools/list",
        "{\"tools\":[{\"name\":\"t\",\"inputSchema\":{\"type\":\"object\"},"
            + "\"execution\":{\"taskSupport\":\"optional\"}}]}");
    server.answer("t", "{\"content\":[],\"isError\":true}");
    server.answer("prompts/list", "{\"prompts\":[{\"name\":\"p\"}]}");
    server.answer("prompts/get", "{\"messages\":[]}");
    server.answer("resources/list", "{\"resources\":[{\"uri\":\"words://1\",\"name\":\"one\"}]}");
    server.answer("resources/templates/list", "{\"resourceTemplates\":[]}");
    server.answer("completion/complete", "{\"completion\":{\"values\":[\"v\"]}}");
    server.script("resources/read", error(-32002, ""));
    return server;
  }

  private static Script error(int code, String data) {
    return Script.respond(
        200,
        "application/json",
        "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":%d,\"message\":\"no\"%s}}"
            .formatted(code, data));
  }

  @AfterAll
  static void stop() {
    gateway.close();
    modern.close();
    words.close();
    web.close();
  }

  private static StatelessClient stateless() {
    return new StatelessClient(gateway.client(admin));
  }

  private static StatelessClient asked(String token) {
    return new StatelessClient(gateway.client(token)).can(Map.of("elicitation", Map.of()));
  }

  private static void remove(String target) {
    gateway.admin("DELETE", "/api/targets/" + target).require(204);
  }

  private static void assertAnswer(Reply reply, int status, int code) {
    assertThat(reply.status()).as(reply.body()).isEqualTo(status);
    assertThat(reply.error().get("code").asInt()).as(reply.body()).isEqualTo(code);
  }

  private static EventClient post(String token, String method, String body, String name) {
    return EventClient.post(
        gateway.uri("/mcp"), token, body, StatelessClient.headers(method, Map.of("name", name)));
  }

  private static EventClient listen(String token, Object id, Map<String, ?> filter) {
    String body =
        new StatelessClient(gateway.client(token))
            .body(id, LISTEN, Map.of("notifications", filter));
    return post(token, LISTEN, body, "");
  }

  // 1. The era is told by a header.
  @Test
  void theBodyDecidesTheEraAndNotTheHeader() {
    McpTestClient session = gateway.client(admin).initialize();

    Reply stray = new StatelessClient(session).callTool("web_echo", Map.of());
    assertThat(stray.result().get("resultType").asText()).isEqualTo("complete");
    assertThat(stray.header("mcp-session-id")).isEmpty();

    Reply opened =
        gateway
            .client(admin)
            .post(
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":"
                    + "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{}}}",
                "MCP-Protocol-Version",
                "2026-07-28");
    assertThat(opened.result().has("resultType")).isFalse();
    assertThat(opened.header("mcp-session-id")).isPresent();

    String claim = stateless().body(1, "tools/list", Map.of());
    assertAnswer(
        session.post(claim, "MCP-Protocol-Version", "2025-11-25", "Mcp-Method", "tools/list"),
        400,
        -32020);
  }

  // 2. The status of one error is given to another.
  @Test
  void unknownMethodsAre404UnknownTools200AndMissingEnvelopes400() {
    assertAnswer(stateless().request("tools/none", Map.of()), 404, -32601);
    assertAnswer(stateless().callTool("web_none", Map.of()), 200, -32602);
    assertAnswer(
        stateless()
            .with("io.modelcontextprotocol/clientCapabilities", 1)
            .request("tools/list", Map.of()),
        400,
        -32602);
  }

  // 3. One of the ways to an answer forgets to say of what type it is.
  @Test
  void everyResultSaysOfWhatTypeItIs() throws InterruptedException {
    assertType("complete", stateless().request("server/discover", Map.of()));
    assertType("complete", stateless().request("tools/list", Map.of()));
    assertType("complete", stateless().callTool("web_echo", Map.of()));
    assertType("complete", stateless().callTool("words_t", Map.of()));
    assertType("complete", stateless().request("prompts/get", Map.of("name", "words_p")));
    assertType(
        "complete",
        stateless()
            .request(
                "completion/complete",
                Map.of(
                    "ref",
                    Map.of("type", "ref/prompt", "name", "words_p"),
                    "argument",
                    Map.of("name", "a", "value", ""))));
    Reply streamed =
        stateless().with("progressToken", "mine").callTool("web_progress", Map.of("count", 1));
    assertThat(streamed.header("content-type").orElseThrow()).startsWith("text/event-stream");
    assertType("complete", streamed);
    assertType("input_required", asked(admin).callTool("modern_confirm", Map.of()));
    assertType("input_required", asked(admin).callTool("web_question", NAME));

    String token = gateway.userToken("typed@example.com", "admin");
    try (EventClient events = listen(token, 1, Map.of("toolsListChanged", true))) {
      JsonNode _ = events.message("notifications/subscriptions/acknowledged");
      gateway.post("/api/sessions/recycle", Optional.of(token), "{}").require(200);

      assertThat(events.answer().at("/result/resultType").asText()).isEqualTo("complete");
    }
  }

  private static void assertType(String type, Reply reply) {
    assertThat(reply.result().path("resultType").asText()).as(reply.body()).isEqualTo(type);
  }

  // 4. Words of one era are said to clients of the other.
  @Test
  void eachEraHearsOnlyItsOwnWords() throws InterruptedException {
    modern.answer(
        "echo",
        "{\"resultType\":\"complete\",\"content\":[],\"_meta\":"
            + "{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"fake\",\"version\":\"1\"}}}");
    McpTestClient older = gateway.client(admin).initialize();
    for (Reply reply :
        List.of(older.request("tools/list", Map.of()), older.callTool("modern_echo", Map.of()))) {
      assertThat(reply.result()).isNotNull();
      assertThat(reply.body()).doesNotContain("resultType", "ttlMs", "cacheScope", "serverInfo");
    }

    assertThat(stateless().request("tools/list", Map.of()).body())
        .contains("words_t")
        .doesNotContain("execution");
    assertAnswer(stateless().request("resources/read", Map.of("uri", "words://1")), 200, -32602);
    web.script("page", pageFirst());
    String page =
        stateless()
            .can(Map.of("elicitation", Map.of("url", Map.of())))
            .callTool("web_page", Map.of())
            .result()
            .toString();
    assertThat(page).contains("https://example.com/login").doesNotContain("elicitationId");
    String body =
        stateless()
            .with("progressToken", 1)
            .body(1, "tools/call", Map.of("name", "web_progress", "arguments", Map.of()));
    try (EventClient events = post(admin, "tools/call", body, "web_progress")) {
      assertThat(events.rest())
          .isNotEmpty()
          .allMatch(event -> event.id().isEmpty() && event.retry() == 0);
    }
  }

  private static Script pageFirst() {
    return error(
        -32042,
        ",\"data\":{\"elicitations\":[{\"mode\":\"url\",\"elicitationId\":\"e1\",\"url\":"
            + "\"https://example.com/login\",\"message\":\"Log in\"}]}");
  }

  // 5. Payloads are parsed and written anew.
  @Test
  void payloadsKeepEveryCharacter() {
    web.answer("odd", "{\"content\":[],\"structuredContent\":" + ODD + "}");
    McpTestClient older = gateway.client(admin).initialize();
    String call =
        "{\"jsonrpc\":\"2.0\",\"id\":\"007\",\"method\":\"tools/call\",\"params\":"
            + "{\"name\":\"web_odd\",\"arguments\":%s%s}}";
    String meta =
        ",\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
            + "\"io.modelcontextprotocol/clientCapabilities\":{}}";

    for (Reply reply :
        List.of(
            older.post(call.formatted(ODD, "")),
            gateway
                .client(admin)
                .send(
                    "POST",
                    BodyPublishers.ofString(call.formatted(ODD, meta)),
                    StatelessClient.headers("tools/call", Map.of("name", "web_odd"))))) {
      assertThat(reply.body()).contains("\"id\":\"007\"").contains(ODD);
      assertThat(web.received().getLast().body()).contains("\"arguments\":" + ODD);
    }
  }

  // 7. The state of a suspended call is not bound to who began it.
  @Test
  void aStateCountsForItsUserAndItsArgumentsOnly() {
    String other = gateway.userToken("swaps@example.com", "admin");
    String state =
        asked(admin)
            .callTool("modern_confirm", Map.of("n", 1))
            .result()
            .get("requestState")
            .asText();

    assertAnswer(asked(other).request("tools/call", retry(state, 1)), 200, -32602);
    assertAnswer(asked(admin).request("tools/call", retry(state, 2)), 200, -32602);
    assertAnswer(asked(admin).request("tools/call", retry(state + "A", 1)), 200, -32602);
    assertType("complete", asked(admin).request("tools/call", retry(state, 1)));
  }

  private static Map<String, Object> retry(String state, int argument) {
    Map<String, Object> params = new HashMap<>();
    params.put("name", "modern_confirm");
    params.put("arguments", Map.of("n", argument));
    params.put("requestState", state);
    params.put("inputResponses", Map.of("user_name", Map.of("action", "decline")));
    return params;
  }

  // 8. The response becomes a stream at once, or never.
  @Test
  void anAnswerBecomesAStreamNoSoonerAndNoLaterThanItHasTo()
      throws IOException, InterruptedException {
    web.script("page", pageFirst());
    Reply missing = stateless().callTool("web_page", Map.of());
    assertAnswer(missing, 400, -32021);
    assertThat(missing.header("content-type").orElseThrow()).startsWith("application/json");

    int before = web.cancelled().size();
    try (var raw = new RawClient(gateway.port())) {
      raw.send(wire("web_silent"));
      assertThat(raw.head().header("content-type")).isEqualTo("text/event-stream");
      raw.abort();
    }
    UpstreamFixtures.await(() -> web.cancelled().size() > before);
  }

  private static String wire(String tool) {
    String body = stateless().body(1, "tools/call", Map.of("name", tool, "arguments", Map.of()));
    return """
    POST /mcp HTTP/1.1\r
    Host: localhost\r
    Authorization: Bearer %s\r
    Content-Type: application/json\r
    Accept: application/json, text/event-stream\r
    MCP-Protocol-Version: 2026-07-28\r
    Mcp-Method: tools/call\r
    Mcp-Name: %s\r
    Content-Length: %d\r
    \r
    %s\
    """
        .formatted(admin, tool, body.length(), body);
  }

  // 9. Leaving means the same in both eras.
  @Test
  void leavingEndsAStatelessCallAndNoneOfASession() throws IOException, InterruptedException {
    try (var left = new FakeMcpServer().list("silent", "slow")) {
      String id = gateway.target("left", left);
      try (var raw = new RawClient(gateway.port())) {
        raw.send(wire("left_silent"));
        UpstreamFixtures.await(
            () -> left.received().stream().anyMatch(one -> one.body().contains("\"silent\"")));
        raw.abort();
      }
      UpstreamFixtures.await(() -> left.cancelled().size() == 1);

      var go = new CountDownLatch(1);
      left.script(
          "slow",
          (exchange, request) -> {
            go.await();
            Script.respond(200, "application/json", FakeTools.result("$id", "{\"content\":[]}"))
                .answer(exchange, request);
          });
      McpTestClient client = gateway.client(admin).initialize();
      String session = client.session().orElseThrow();
      String first;
      try (EventClient call =
          EventClient.post(
              gateway.uri("/mcp"),
              admin,
              "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"tools/call\",\"params\":"
                  + "{\"name\":\"left_slow\",\"arguments\":{}}}",
              "Mcp-Session-Id",
              session)) {
        first = call.next(event -> !event.id().isEmpty()).id();
      }
      go.countDown();
      try (EventClient back =
          EventClient.get(
              gateway.uri("/mcp"), admin, "Mcp-Session-Id", session, "Last-Event-ID", first)) {
        assertThat(back.answer().at("/result/content").isArray()).isTrue();
      }
      assertThat(left.cancelled()).hasSize(1);
      remove(id);
    }
  }

  // 17. Names are cut in two, and change with what happens to be there.
  @Test
  void namesAreLookedUpAndNeverSplit() {
    String token = gateway.userToken("names@example.com", "user");
    String id;
    try (var north = new FakeStatelessServer()) {
      north.tools().list(List.of("web_echo", "hidden_one"));
      id = gateway.target("north", TestGateway.http(north.url()));
      gateway.allowTool(id, "web_echo", token);
      StatelessClient client = new StatelessClient(gateway.client(token));

      assertThat(gateway.client(token).initialize().toolNames()).containsExactly("north_web_echo");
      assertType("complete", client.callTool("north_web_echo", Map.of()));
      FakeMcpServer.Received call = north.received("tools/call").getLast();
      assertThat(call.header("mcp-name")).contains("web_echo");
      assertThat(call.body()).contains("\"name\":\"web_echo\"");
      assertAnswer(client.callTool("north_hidden_one", Map.of()), 200, -32602);
    }
    assertThat(gateway.client(token).initialize().toolNames())
        .as("names outlast their target")
        .containsExactly("north_web_echo");
    remove(id);
    assertThat(
            stateless()
                .request(
                    "completion/complete",
                    Map.of(
                        "ref",
                        Map.of("type", "ref/prompt", "name", "words_p"),
                        "argument",
                        Map.of("name", "a", "value", "")))
                .status())
        .isEqualTo(200);
    assertThat(words.received().getLast().body()).contains("\"name\":\"p\"");
  }

  // 19. What one user may see is cached for all.
  @Test
  void listsOfAUserAreNeverPublicAndHalfListsNotKept() {
    String token = gateway.userToken("cache@example.com", "user");
    try (var open = new FakeStatelessServer();
        var gone = new FakeMcpServer()) {
      open.answer(
          "tools/list",
          "{\"resultType\":\"complete\",\"ttlMs\":3600000,\"cacheScope\":\"public\",\"tools\":"
              + "[{\"name\":\"echo\",\"inputSchema\":{\"type\":\"object\"}},"
              + "{\"name\":\"other\",\"inputSchema\":{\"type\":\"object\"}}]}");
      String id = gateway.target("open", TestGateway.http(open.url()));
      gateway.allowTool(id, "echo", token);
      StatelessClient client = new StatelessClient(gateway.client(token));

      JsonNode whole = client.request("tools/list", Map.of()).result();
      assertThat(whole.get("tools")).hasSize(1);
      assertThat(whole.get("cacheScope").asText()).isEqualTo("private");

      gone.script("initialize", Script.respond(503, "text/plain", "later"));
      String other = gateway.target("gone", gone);
      gateway.allow(other, token);
      JsonNode half = client.request("tools/list", Map.of()).result();
      assertThat(half.get("tools")).hasSize(1);
      assertThat(half.get("ttlMs").asInt()).isLessThanOrEqualTo(5000);
      assertThat(half.get("cacheScope").asText()).isEqualTo("private");
      remove(id);
      remove(other);
    }
    JsonNode question = asked(admin).callTool("modern_confirm", Map.of("n", 3)).result();
    JsonNode answer =
        asked(admin)
            .request("tools/call", retry(question.get("requestState").asText(), 3))
            .result();
    assertThat(answer.has("ttlMs")).isFalse();
  }

  // 20. Who listens hears too early, too late, or what was not asked for.
  @Test
  void whoListensHearsFirstWhatIsPromisedAndThenThatOnly() throws InterruptedException {
    String token = gateway.userToken("listens@example.com", "user");
    try (var told = new FakeMcpServer().list("echo").streaming()) {
      String id = gateway.target("told", told);
      gateway.allow(id, token);
      assertThat(gateway.client(token).initialize().toolNames()).containsExactly("told_echo");

      try (EventClient events =
          listen(token, 7, Map.of("toolsListChanged", true, "promptsListChanged", false))) {
        JsonNode first = events.next(event -> !event.data().isEmpty()).json();
        assertThat(told.streams()).as("the target is listened to by now").isPositive();
        assertThat(first.get("method").asText())
            .isEqualTo("notifications/subscriptions/acknowledged");
        assertThat(first.at("/params/notifications")).hasToString("{\"toolsListChanged\":true}");
        assertThat(first.at("/params/_meta").get(SUBSCRIPTION).isInt()).isTrue();

        for (String what :
            List.of("prompts/list_changed", "message", "progress", "tools/list_changed")) {
          told.sendApart(
              "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/%s\",\"params\":{}}\n\n"
                  .formatted(what));
        }
        JsonNode next = events.next(event -> !event.data().isEmpty()).json();
        assertThat(next.get("method").asText()).isEqualTo("notifications/tools/list_changed");
        assertThat(next.at("/params/_meta").get(SUBSCRIPTION).asInt()).isEqualTo(7);
      }
      remove(id);
    }
  }

  // 21. Log messages reach those who did not want them, and not those who did.
  @Test
  void logMessagesReachSessionsUnaskedAndStatelessClientsOnlyWhenAsked() {
    web.script(
        "talk",
        (exchange, request) -> {
          exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
          exchange.sendResponseHeaders(200, 0);
          String log =
              "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":"
                  + "{\"level\":\"warning\",\"data\":\"hear, hear\"}}\n\n";
          String result = FakeTools.result(FakeTools.id(request), "{\"content\":[]}");
          exchange.getResponseBody().write((log + "data: " + result + "\n\n").getBytes(UTF_8));
        });

    assertThat(gateway.client(admin).initialize().callTool("web_talk", Map.of()).body())
        .contains("hear, hear");
    assertThat(stateless().callTool("web_talk", Map.of()).body()).doesNotContain("hear, hear");
    assertThat(stateless().level("info").callTool("web_talk", Map.of()).body())
        .contains("hear, hear");
    assertThat(stateless().level("error").callTool("web_talk", Map.of()).body())
        .doesNotContain("hear, hear");
  }

  // 23. Origins are checked loosely or late, and pages elsewhere can't work.
  @Test
  void originsAreComparedWholeBeforeAnyToken() throws IOException {
    for (String origin :
        List.of("null", PAGE + ".evil.com", "https://evil.com", "http://app.example.com")) {
      assertThat(ask("POST", "Origin: " + origin).status()).as(origin).isEqualTo(403);
    }
    assertThat(ask("POST", "Host: evil.com").status()).isEqualTo(403);
    RawClient.Answer noToken = ask("POST", "Origin: " + PAGE);
    assertThat(noToken.status()).isEqualTo(401);
    assertThat(noToken.header("access-control-allow-origin")).isEqualTo(PAGE);
    assertThat(noToken.header("access-control-expose-headers")).contains("Mcp-Session-Id");
    RawClient.Answer preflight =
        ask(
            "OPTIONS",
            "Origin: " + PAGE,
            "Access-Control-Request-Method: POST",
            "Access-Control-Request-Headers: mcp-method");
    assertThat(preflight.status()).isEqualTo(204);
    assertThat(preflight.header("access-control-allow-headers")).contains("mcp-method");
  }

  private static RawClient.Answer ask(String method, String... headers) throws IOException {
    try (var raw = new RawClient(gateway.port())) {
      String ping = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";
      return raw.ask(method, "/mcp", method.equals("POST") ? ping : "", headers);
    }
  }
}
