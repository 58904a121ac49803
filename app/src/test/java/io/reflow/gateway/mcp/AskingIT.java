package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.EventClient;
import io.reflow.gateway.testing.EventClient.Event;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Questions of a target reach the client of their own call, and its answers that call.
class AskingIT {

  private static final Map<String, ?> ALL =
      Map.of(
          "roots", Map.of(),
          "sampling", Map.of(),
          "elicitation", Map.of("form", Map.of(), "url", Map.of()));

  private FakeMcpServer server;
  private TestGateway gateway;
  private String admin;

  @BeforeEach
  void start() {
    server = new FakeMcpServer().list("question", "withdraw", "progress");
    gateway = TestGateway.start();
    gateway.target("fake", server);
    admin = gateway.adminToken();
  }

  @AfterEach
  void stop() {
    gateway.close();
    server.close();
  }

  @Test
  void aQuestionIsAskedOnTheStreamOfItsCall() throws InterruptedException {
    McpTestClient client = gateway.client(admin).initialize("2025-11-25", ALL);
    for (String method : List.of("elicitation/create", "sampling/createMessage", "roots/list")) {
      try (EventClient call = question(client, admin, "7", method)) {
        Event asked = call.next(event -> event.method().equals(method));
        JsonNode request = asked.json();
        assertThat(asked.id()).isNotEmpty();
        assertThat(request.get("id").asText()).startsWith("g-");
        assertThat(request.at("/params/message").asText()).isEqualTo("Who?");
        assertThat(request.at("/params/x").toString()).isEqualTo("1.0");

        assertThat(answer(client, request.get("id"), "{\"n\":1.0,\"of\":\"%s\"}".formatted(method)))
            .isEqualTo(202);

        JsonNode answer = call.answer();
        assertThat(answer.get("id").asInt()).isEqualTo(7);
        assertThat(answer.at("/result/reply/result").toString())
            .as(answer.toString())
            .isEqualTo("{\"n\":1.0,\"of\":\"%s\"}".formatted(method));
        assertThat(call.rest()).isEmpty();
      }
    }
  }

  @Test
  void usersWithEqualIdsNeverGetEachOthersQuestionsOrAnswers() throws InterruptedException {
    String bob = gateway.userToken("bob@example.com", "admin");
    McpTestClient one = gateway.client(admin).initialize("2025-11-25", ALL);
    McpTestClient other = gateway.client(bob).initialize("2025-11-25", ALL);
    try (EventClient first = question(one, admin, "1", "roots/list");
        EventClient second = question(other, bob, "1", "roots/list")) {
      JsonNode asked = first.message("roots/list").get("id");
      JsonNode alike = second.message("roots/list").get("id");
      assertThat(asked).isEqualTo(alike);

      answer(other, alike, "{\"of\":\"bob\"}");
      assertThat(second.answer().at("/result/reply/result/of").asText()).isEqualTo("bob");
      assertThat(first.silent()).isTrue();

      answer(one, asked, "{\"of\":\"admin\"}");
      assertThat(first.answer().at("/result/reply/result/of").asText()).isEqualTo("admin");
    }
  }

  @Test
  void aClientIsNotAskedForWhatItDidNotDeclare() {
    McpTestClient client =
        gateway.client(admin).initialize("2025-06-18", Map.of("elicitation", Map.of()));

    McpTestClient.Reply reply = client.post(message("1", "roots/list"));

    assertThat(reply.result().at("/reply/error/code").asInt()).isEqualTo(-32601);
  }

  @Test
  void aClientThatTakesOnlyPlainAnswersIsNotAsked() {
    McpTestClient client = gateway.client(admin).initialize("2025-11-25", ALL);

    McpTestClient.Reply reply =
        client.post(message("1", "roots/list"), "Accept", "application/json");

    assertThat(reply.header("content-type")).hasValue("application/json");
    assertThat(reply.result().at("/reply/error/code").asInt()).isEqualTo(-32601);
  }

  @Test
  void aClientThatWasAwayIsAskedAndAnswersWhenItIsBack() throws InterruptedException {
    McpTestClient client = gateway.client(admin).initialize("2025-11-25", ALL);
    Event first;
    try (EventClient call = question(client, admin, "9", "roots/list")) {
      first = call.next(event -> !event.id().isEmpty());
    }

    try (EventClient back =
        EventClient.get(
            gateway.uri("/mcp"),
            admin,
            "Mcp-Session-Id",
            client.session().orElseThrow(),
            "Last-Event-ID",
            first.id())) {
      JsonNode asked = back.message("roots/list");
      answer(client, asked.get("id"), "{\"roots\":[]}");
      JsonNode answer = back.answer();
      assertThat(answer.get("id").asInt()).isEqualTo(9);
      assertThat(answer.at("/result/reply/result/roots").isArray()).isTrue();
    }
  }

  @Test
  void theClientThatWasSentToAPageHearsWhenItsUserIsThrough() throws InterruptedException {
    server.streaming().list("question", "announce-apart");
    McpTestClient client = gateway.client(admin).initialize("2025-11-25", ALL);
    McpTestClient other = gateway.client(admin).initialize("2025-11-25", ALL);
    try (EventClient stream = stream(client);
        EventClient elsewhere = stream(other)) {
      try (EventClient call =
          EventClient.post(
              gateway.uri("/mcp"),
              admin,
              "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":"
                  + "\"fake_question\",\"arguments\":{\"ask\":\"elicitation/create\",\"mode\":"
                  + "\"url\",\"message\":\"Go\",\"url\":\"https://example.com/\","
                  + "\"elicitationId\":\"e1\"}}}",
              "Mcp-Session-Id",
              client.session().orElseThrow())) {
        JsonNode asked = call.message("elicitation/create");
        assertThat(asked.at("/params/elicitationId").asText()).isEqualTo("e1");
        answer(client, asked.get("id"), "{\"action\":\"accept\"}");
        assertThat(call.answer().has("result")).isTrue();
      }

      UpstreamFixtures.await(() -> server.streams() > 0);
      client.callTool("fake_announce-apart", Map.of());

      JsonNode through = stream.message("notifications/elicitation/complete");
      assertThat(through.at("/params/elicitationId").asText()).isEqualTo("e1");
      other.delete();
      assertThat(elsewhere.rest())
          .noneMatch(event -> event.method().equals("notifications/elicitation/complete"));
    }
  }

  @Test
  void theClientThatMustOpenAPageFirstHearsWhenItsUserIsThrough() throws InterruptedException {
    server.streaming().list("paged");
    server.script(
        "paged",
        FakeMcpServer.Script.respond(
            200,
            "application/json",
            "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":-32042,\"message\":\"open\",\"data\":"
                + "{\"elicitations\":[{\"mode\":\"url\",\"elicitationId\":\"e7\",\"url\":\"https://example.com/\",\"message\":\"Log"
                + " in\"}]}}}"));
    McpTestClient client = gateway.client(admin).initialize("2025-11-25", ALL);
    try (EventClient stream = stream(client)) {
      assertThat(client.callTool("fake_paged", Map.of()).error().get("code").asInt())
          .isEqualTo(-32042);
      UpstreamFixtures.await(() -> server.streams() > 0);

      server.sendApart(
          "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/elicitation/complete\","
              + "\"params\":{\"elicitationId\":\"e7\"}}\n\n");

      JsonNode through = stream.message("notifications/elicitation/complete");
      assertThat(through.at("/params/elicitationId").asText()).isEqualTo("e7");
    }
  }

  private EventClient stream(McpTestClient client) {
    return EventClient.get(
        gateway.uri("/mcp"), admin, "Mcp-Session-Id", client.session().orElseThrow());
  }

  @Test
  void aCancelledCallWithdrawsItsQuestion() throws InterruptedException {
    McpTestClient client = gateway.client(admin).initialize("2025-11-25", ALL);
    try (EventClient call = question(client, admin, "3", "roots/list")) {
      JsonNode asked = call.message("roots/list");

      client.post(
          "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\","
              + "\"params\":{\"requestId\":3}}");

      List<Event> rest = call.rest();
      assertThat(rest).hasSize(1);
      assertThat(rest.getFirst().method()).isEqualTo("notifications/cancelled");
      assertThat(rest.getFirst().json().at("/params/requestId")).isEqualTo(asked.get("id"));
    }
  }

  @Test
  void theTargetHearsOfTheClientsProgressUnderItsOwnToken() throws InterruptedException {
    McpTestClient client = gateway.client(admin).initialize("2025-11-25", ALL);
    String call =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":"
            + "\"fake_question\",\"arguments\":{\"ask\":\"sampling/createMessage\","
            + "\"_meta\":{\"progressToken\":\"its own\"}}}}";
    try (EventClient stream =
        EventClient.post(
            gateway.uri("/mcp"), admin, call, "Mcp-Session-Id", client.session().orElseThrow())) {
      JsonNode asked = stream.message("sampling/createMessage");

      client.post(
          ("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{"
                  + "\"progressToken\":%s,\"progress\":0.50,\"message\":\"half\"}}")
              .formatted(asked.at("/params/_meta/progressToken")));

      UpstreamFixtures.await(() ->
          server.received().stream()
              .map(FakeMcpServer.Received::body)
              .filter(body -> body.contains("notifications/progress"))
              .anyMatch(body ->
                  body.contains("\"progressToken\":\"its own\"")
                      && body.contains("\"progress\":0.50")
                      && body.contains("\"message\":\"half\"")));
      answer(client, asked.get("id"), "{}");
      assertThat(stream.answer().has("result")).isTrue();
    }
  }

  @Test
  void aConnectionOfTheOldestTransportIsAskedOnItsStream() throws InterruptedException {
    try (EventClient stream = EventClient.get(gateway.uri("/sse"), admin)) {
      String messages = stream.next().data();
      post(
          messages,
          "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
              + "\"2024-11-05\",\"capabilities\":{\"roots\":{}},\"clientInfo\":{}}}");
      assertThat(stream.answer().has("result")).isTrue();
      post(messages, message("1", "roots/list"));
      JsonNode asked = stream.message("roots/list");

      post(
          messages,
          "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\"roots\":[]}}".formatted(asked.get("id")));

      JsonNode answer = stream.answer();
      assertThat(answer.at("/result/reply/result/roots").isArray()).as(answer.toString()).isTrue();
    }
  }

  private void post(String path, String body) {
    assertThat(gateway.post(path, Optional.of(admin), body).status()).isEqualTo(202);
  }

  private EventClient question(McpTestClient client, String token, String id, String method) {
    return EventClient.post(
        gateway.uri("/mcp"),
        token,
        message(id, method),
        "Mcp-Session-Id",
        client.session().orElseThrow());
  }

  private static String message(String id, String method) {
    return ("{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"tools/call\",\"params\":{\"name\":"
            + "\"fake_question\",\"arguments\":{\"ask\":\"%s\",\"message\":\"Who?\",\"x\":1.0},"
            + "\"_meta\":{\"progressToken\":1}}}")
        .formatted(id, method);
  }

  private static int answer(McpTestClient client, JsonNode id, String result) {
    return client
        .post("{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}".formatted(id, result))
        .status();
  }
}
