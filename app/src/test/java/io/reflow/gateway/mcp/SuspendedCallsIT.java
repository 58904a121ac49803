package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.FakeStatelessServer;
import io.reflow.gateway.testing.FakeStatelessTools;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.RawClient;
import io.reflow.gateway.testing.StatelessClient;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Calls of stateless clients in which the target wants to know something first.
class SuspendedCallsIT {

  private static final Map<String, Object> ASK =
      Map.of("ask", "elicitation/create", "message", "Name?", "requestedSchema", Map.of());
  private static final Map<String, Object> ACCEPTED =
      Map.of("action", "accept", "content", Map.of("name", "ann"));

  private static FakeMcpServer web;
  private static FakeStatelessServer modern;
  private static TestGateway gateway;
  private static String target;
  private StatelessClient client;

  @BeforeAll
  static void start() {
    web = new FakeMcpServer().list("echo", "question", "silent", "paged");
    modern = new FakeStatelessServer();
    modern.tools().list(List.of("confirm"));
    gateway = TestGateway.start();
    target = gateway.target("web", web);
    gateway.target("modern", TestGateway.http(modern.url()));
  }

  @AfterAll
  static void stop() {
    gateway.close();
    modern.close();
    web.close();
  }

  @BeforeEach
  void connect() {
    client = asking(gateway.adminToken());
  }

  private static StatelessClient asking(String token) {
    return new StatelessClient(gateway.client(token)).can(Map.of("elicitation", Map.of()));
  }

  private static Map<String, Object> call(String tool, Map<String, ?> arguments) {
    return new HashMap<>(Map.of("name", tool, "arguments", arguments));
  }

  private static Map<String, Object> retry(JsonNode asked, Map<String, ?> responses) {
    return retry(asked.get("requestState").asText(), responses);
  }

  private static Map<String, Object> retry(String state, Map<String, ?> responses) {
    Map<String, Object> params = call("web_question", ASK);
    params.put("requestState", state);
    params.put("inputResponses", responses);
    return params;
  }

  private JsonNode asked() {
    JsonNode result = client.request("tools/call", call("web_question", ASK)).result();
    assertThat(result.get("resultType").asText()).as(result.toString()).isEqualTo("input_required");
    return result;
  }

  private static String key(JsonNode asked) {
    return asked.get("inputRequests").fieldNames().next();
  }

  private static void assertRefused(Reply reply) {
    assertThat(reply.status()).as(reply.body()).isEqualTo(200);
    assertThat(reply.error().get("code").asInt()).as(reply.body()).isEqualTo(-32602);
  }

  @Test
  void theAnswerIsBroughtByTheNextRequest() throws InterruptedException {
    JsonNode asked = asked();

    JsonNode request = asked.get("inputRequests").get(key(asked));
    assertThat(request.get("method").asText()).isEqualTo("elicitation/create");
    assertThat(request.get("params").get("message").asText()).endsWith("Name?");
    JsonNode result =
        client.request("tools/call", retry(asked, Map.of(key(asked), ACCEPTED))).result();
    assertThat(result.get("resultType").asText()).isEqualTo("complete");
    assertThat(result.get("reply").get("result").get("content").get("name").asText())
        .isEqualTo("ann");
    UpstreamFixtures.await(() -> gateway.logs("tool=question").size() >= 2);
  }

  @Test
  void aStateCountsOnce() {
    JsonNode asked = asked();
    var answer = retry(asked, Map.of(key(asked), ACCEPTED));
    assertThat(client.request("tools/call", answer).result().has("reply")).isTrue();

    assertRefused(client.request("tools/call", answer));
  }

  @Test
  void aStateThatWasTamperedWithIsRefused() {
    String state = asked().get("requestState").asText();

    assertRefused(client.request("tools/call", retry(state + "x", Map.of())));
    assertRefused(client.request("tools/call", retry("rs1." + state, Map.of())));
    assertRefused(client.request("tools/call", retry("", Map.of())));
    assertRefused(client.request("tools/call", retry(state.replaceFirst("\\.", ".x"), Map.of())));
  }

  @Test
  void aStateIsOfOneUserAndOneCall() {
    JsonNode asked = asked();
    String other = gateway.userToken("other@example.com", "user");
    String _ = gateway.allow(target, other);
    var elsewhere = new HashMap<>(retry(asked, Map.of(key(asked), ACCEPTED)));
    elsewhere.put("arguments", Map.of("ask", "elicitation/create", "message", "Other?"));

    assertRefused(asking(other).request("tools/call", retry(asked, Map.of(key(asked), ACCEPTED))));
    assertRefused(client.request("tools/call", elsewhere));
    assertThat(
            client
                .request("tools/call", retry(asked, Map.of(key(asked), ACCEPTED)))
                .result()
                .has("reply"))
        .isTrue();
  }

  @Test
  void whoDoesNotAnswerIsAskedAgain() {
    JsonNode first = asked();

    JsonNode second =
        client.request("tools/call", retry(first, Map.of("unknown", ACCEPTED))).result();

    assertThat(second.get("resultType").asText()).isEqualTo("input_required");
    assertThat(key(second)).isEqualTo(key(first));
    assertRefused(client.request("tools/call", retry(first, Map.of(key(first), ACCEPTED))));
    assertThat(
            client
                .request("tools/call", retry(second, Map.of(key(second), ACCEPTED)))
                .result()
                .has("reply"))
        .isTrue();
  }

  @Test
  void answersAreObjects() {
    JsonNode asked = asked();

    assertRefused(client.request("tools/call", retry(asked, Map.of(key(asked), "yes"))));
  }

  @Test
  void whoCanNotBeAskedIsNot() {
    try (var other = new FakeMcpServer().list("question")) {
      gateway.target("other", other);

      JsonNode result =
          new StatelessClient(gateway.client(gateway.adminToken()))
              .callTool("other_question", ASK)
              .result();

      assertThat(result.at("/reply/error/code").asInt()).as(result.toString()).isEqualTo(-32601);
    }
  }

  @Test
  void answersWithoutAStateBeginAnew() {
    Map<String, Object> params = call("web_question", ASK);
    params.put("inputResponses", Map.of("elicitation-1", ACCEPTED));

    JsonNode result = client.request("tools/call", params).result();

    assertThat(result.get("resultType").asText()).isEqualTo("input_required");
  }

  @Test
  void aUserHasOnlySoManySuspendedCalls() {
    StatelessClient many = asking(allowed("many@example.com"));
    for (int i = 0; i < 20; i++) {
      assertThat(many.request("tools/call", call("web_question", ASK)).result().has("requestState"))
          .isTrue();
    }

    Reply one = many.request("tools/call", call("web_question", ASK));

    assertThat(one.status()).isEqualTo(200);
    assertThat(one.error().get("code").asInt()).isEqualTo(-32603);
    assertThat(one.error().get("message").asText()).contains("too many suspended calls");
  }

  private static String allowed(String email) {
    String token = gateway.userToken(email, "user");
    String _ = gateway.allow(target, token);
    return token;
  }

  @Test
  void aSuspendedCallEndsWithTheRightToIt() throws InterruptedException {
    String token = gateway.userToken("gone@example.com", "user");
    String policy = gateway.allow(target, token);
    JsonNode asked = asking(token).request("tools/call", call("web_question", ASK)).result();
    int before = web.cancelled().size();

    gateway.admin("DELETE", "/api/policies/" + policy).require(204);

    UpstreamFixtures.await(() -> web.cancelled().size() > before);
    String _ = gateway.allow(target, token);
    assertRefused(asking(token).request("tools/call", retry(asked, Map.of(key(asked), ACCEPTED))));
  }

  @Test
  void aSuspendedCallEndsWithItsTime() throws InterruptedException {
    try (TestGateway hasty = TestGateway.start(Map.of("MCP_INPUT_TIMEOUT", "4s"));
        var patient = new FakeMcpServer().list("question")) {
      hasty.target("web", patient);
      var late =
          new StatelessClient(hasty.client(hasty.adminToken()))
              .can(Map.of("elicitation", Map.of()));
      JsonNode asked = late.request("tools/call", call("web_question", ASK)).result();

      UpstreamFixtures.await(() -> wasCancelled(patient));
      assertRefused(late.request("tools/call", retry(asked, Map.of(key(asked), ACCEPTED))));
    }
  }

  private static boolean wasCancelled(FakeMcpServer server) {
    return server.received().stream().anyMatch(one -> one.body().contains("\"action\":\"cancel\""));
  }

  @Test
  void whoLeavesTakesTheCallBack() throws IOException, InterruptedException {
    int before = web.cancelled().size();
    var params = call("web_silent", Map.of());
    String body = client.body(1, "tools/call", params);
    try (var raw = new RawClient(gateway.port())) {
      raw.send(post(body, "web_silent"));
      UpstreamFixtures.await(
          () -> web.received().stream().anyMatch(one -> one.body().contains("\"silent\"")));
      raw.abort();
    }

    UpstreamFixtures.await(() -> web.cancelled().size() > before);
    JsonNode row =
        gateway.row("tool=silent", one -> one.get("outcome").asText().equals("cancelled"));
    assertThat(row).isNotNull();
  }

  @Test
  void aLongCallBecomesAStream() throws IOException {
    String body = client.body(1, "tools/call", call("web_silent", Map.of()));
    try (var raw = new RawClient(gateway.port())) {
      raw.send(post(body, "web_silent"));

      RawClient.Answer head = raw.head();
      assertThat(head.status()).isEqualTo(200);
      assertThat(head.header("content-type")).isEqualTo("text/event-stream");
      assertThat(head.header("x-accel-buffering")).isEqualTo("no");
      assertThat(raw.line()).isNotEmpty();
      assertThat(raw.line()).isEqualTo(":");
    }
  }

  private static String post(String body, String tool) {
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
        .formatted(gateway.adminToken(), tool, body.length(), body);
  }

  @Test
  void theStateOfAStatelessTargetIsWrappedAndComesBackAsItWas() {
    JsonNode asked = client.request("tools/call", call("modern_confirm", Map.of())).result();
    assertThat(asked.get("inputRequests").has("user_name")).isTrue();
    String state = asked.get("requestState").asText();
    assertThat(state).startsWith("rs1.");
    Map<String, Object> again = call("modern_confirm", Map.of());
    again.put("requestState", state);
    again.put("inputResponses", Map.of("user_name", ACCEPTED));

    JsonNode result = client.request("tools/call", again).result();

    assertThat(result.get("resultType").asText()).isEqualTo("complete");
    assertThat(result.get("responses").get("user_name").get("action").asText()).isEqualTo("accept");
    assertThat(modern.received("tools/call").getLast().body())
        .contains("\"requestState\":" + FakeStatelessTools.STATE);
    again.put("requestState", state + "x");
    assertRefused(client.request("tools/call", again));
  }

  @Test
  void aStateThatIsTooLargeToTravelStaysHere() {
    String large = "\"" + "x".repeat(2 << 20) + "\"";
    modern.answer("confirm", "{\"resultType\":\"input_required\",\"requestState\":" + large + "}");
    try {
      String state =
          client
              .request("tools/call", call("modern_confirm", Map.of()))
              .result()
              .get("requestState")
              .asText();
      assertThat(state).hasSizeLessThan(1000);
      modern.answer("confirm", "{\"resultType\":\"complete\",\"content\":[]}");
      Map<String, Object> again = call("modern_confirm", Map.of());
      again.put("requestState", state);

      assertThat(client.request("tools/call", again).result().has("content")).isTrue();

      assertThat(modern.received("tools/call").getLast().body())
          .contains("\"requestState\":" + large);
      assertRefused(
          asking(gateway.userToken("eve@example.com", "admin")).request("tools/call", again));
    } finally {
      modern.unscript("confirm");
    }
  }

  private static void demandAPage() {
    demandAPage("https://example.com/login");
  }

  private static void demandAPage(String address) {
    web.script(
        "paged",
        FakeMcpServer.Script.respond(
            200,
            "application/json",
            "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":-32042,\"message\":\"open\",\"data\":"
                + "{\"elicitations\":[{\"mode\":\"url\",\"elicitationId\":\"e1\",\"url\":\"%s\",\"message\":\"Log in\"}]}}}"
                    .formatted(address)));
  }

  @Test
  void whoMustOpenAPageFirstIsAskedTo() {
    demandAPage();
    StatelessClient browsing =
        new StatelessClient(gateway.client(gateway.adminToken()))
            .can(Map.of("elicitation", Map.of("url", Map.of())));
    JsonNode asked = browsing.request("tools/call", call("web_paged", Map.of())).result();
    JsonNode page = asked.get("inputRequests").get(key(asked)).get("params");
    assertThat(page.get("url").asText()).isEqualTo("https://example.com/login");
    assertThat(page.get("message").asText()).startsWith("[").endsWith("] Log in");
    assertThat(page.has("elicitationId")).isFalse();
    Map<String, Object> again = call("web_paged", Map.of());
    again.put("requestState", asked.get("requestState").asText());

    again.put("inputResponses", Map.of(key(asked), Map.of("action", "decline")));
    assertThat(browsing.request("tools/call", again).result().get("isError").asBoolean()).isTrue();
  }

  @Test
  void nobodyIsSentToAPageThatIsNotSafe() {
    demandAPage("http://example.com/login");

    JsonNode refused =
        new StatelessClient(gateway.client(gateway.adminToken()))
            .can(Map.of("elicitation", Map.of("url", Map.of())))
            .request("tools/call", call("web_paged", Map.of()))
            .error();

    assertThat(refused.get("code").asInt()).isEqualTo(-32603);
  }

  @Test
  void whoCanNotOpenPagesLearnsWhatIsMissing() {
    demandAPage();

    Reply reply = client.request("tools/call", call("web_paged", Map.of()));

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.error().get("code").asInt()).isEqualTo(-32021);
    assertThat(reply.error().at("/data/requiredCapabilities/elicitation").has("url")).isTrue();
  }
}
