package io.reflow.gateway.mcp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import io.reflow.gateway.testing.EventClient;
import io.reflow.gateway.testing.EventClient.Event;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.FakeTools;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The streams of a session: a client comes back for what it missed, and nothing is told twice.
class SessionStreamsIT {

  private static FakeMcpServer server;
  private static TestGateway gateway;
  private static String admin;
  private static String target;

  @BeforeAll
  static void start() {
    server = new FakeMcpServer().list("echo", "slow", "progress");
    gateway = TestGateway.start(Map.of("SESSION_MAX_STREAMS_PER_USER", "4"));
    target = gateway.target("fake", server);
    admin = gateway.adminToken();
  }

  @AfterAll
  static void stop() {
    gateway.close();
    server.close();
  }

  @Test
  void aClientWhoseConnectionBrokeComesBackForTheAnswer() throws InterruptedException {
    var go = new CountDownLatch(1);
    server.script(
        "slow",
        (exchange, request) -> {
          begin(exchange);
          send(exchange, progress(request, 1));
          go.await();
          send(exchange, progress(request, 2));
          send(exchange, FakeTools.result(FakeTools.id(request), "{\"content\":[]}"));
        });
    McpTestClient client = gateway.client(admin).initialize();
    Event seen;
    try (EventClient broken = call(client, "fake_slow", 7)) {
      assertThat(broken.header("content-type")).hasValue("text/event-stream");
      assertThat(broken.header("x-accel-buffering")).hasValue("no");
      seen = broken.next(event -> event.method().equals("notifications/progress"));
    }
    go.countDown();

    try (EventClient resumed = stream(client, "Last-Event-ID", seen.id())) {
      List<Event> rest = resumed.rest().stream().filter(event -> !event.data().isEmpty()).toList();

      assertThat(rest).extracting(Event::id).doesNotContain(seen.id());
      assertThat(rest.get(rest.size() - 2).json().at("/params/progress").asInt()).isEqualTo(2);
      JsonNode answer = rest.getLast().json();
      assertThat(answer.get("id").asInt()).isEqualTo(7);
      assertThat(answer.has("result")).isTrue();
      assertThat(rest)
          .extracting(event -> event.data().contains("\"result\""))
          .containsOnlyOnce(true);
    }
  }

  @Test
  void whatIsDeniedByNowCanNotBeComeBackFor() throws InterruptedException {
    server.script(
        "slow",
        (exchange, request) -> {
          begin(exchange);
          send(exchange, progress(request, 1));
          send(exchange, FakeTools.result(FakeTools.id(request), "{\"content\":[]}"));
        });
    String carol = gateway.userToken("carol@example.com", "user");
    String rule = gateway.allow(target, carol);
    McpTestClient client = gateway.client(carol).initialize();
    Event first;
    try (EventClient call = call(client, carol, "fake_slow", 7)) {
      first = call.next();
      assertThat(call.answer().has("result")).isTrue();
    }
    try (EventClient resumed = stream(client, carol, "Last-Event-ID", first.id())) {
      assertThat(resumed.answer().has("result")).isTrue();
    }

    gateway.admin("DELETE", "/api/policies/" + rule).require(204);

    try (EventClient resumed = stream(client, carol, "Last-Event-ID", first.id())) {
      assertThat(messages(resumed)).isEmpty();
    }
  }

  @Test
  void aCallThatTakesLongCanBeComeBackForToo() throws InterruptedException {
    var go = new CountDownLatch(1);
    server.script(
        "slow",
        (exchange, request) -> {
          go.await();
          FakeMcpServer.Script.respond(
                  200,
                  "application/json",
                  FakeTools.result(FakeTools.id(request), "{\"content\":[]}"))
              .answer(exchange, request);
        });
    McpTestClient client = gateway.client(admin).initialize();
    String first;
    try (EventClient broken = call(client, "fake_slow", 8)) {
      first = broken.next().id();
    }
    go.countDown();

    try (EventClient resumed = stream(client, "Last-Event-ID", first)) {
      assertThat(resumed.answer().get("id").asInt()).isEqualTo(8);
    }
  }

  @Test
  void usersOfOneProcessWithEqualIdsAndTokensHearOnlyOfTheirOwn() throws InterruptedException {
    gateway.target("process", StdioServer.command("progress", "echo"));
    String ann = gateway.userToken("ann@example.com", "admin");
    McpTestClient one = gateway.client(admin).initialize();
    McpTestClient other = gateway.client(ann).initialize();
    try (EventClient first = call(one, "process_progress", 5);
        EventClient second = call(other, ann, "process_progress", 5)) {
      List<Event> ofOne = messages(first);
      List<Event> ofOther = messages(second);

      assertThat(ofOne).hasSize(2);
      assertThat(ofOther).hasSize(2);
      int token = ofOne.getLast().json().at("/result/token").asInt();
      assertThat(ofOther.getLast().json().at("/result/token").asInt()).isNotEqualTo(token);
      assertThat(ofOne.getFirst().json().at("/params/progressToken").asText()).isEqualTo("mine");
    }
  }

  private static List<Event> messages(EventClient stream) throws InterruptedException {
    return stream.rest().stream().filter(event -> !event.data().isEmpty()).toList();
  }

  @Test
  void onlyTheNewestRevisionIsToldWhereToBegin() throws InterruptedException {
    for (String version : List.of("2025-03-26", "2025-06-18", "2025-11-25")) {
      McpTestClient client = gateway.client(admin).initialize(version);
      try (EventClient call = call(client, "fake_progress", 1)) {
        Event first = call.next(event -> !event.id().isEmpty());
        if (version.equals("2025-11-25")) {
          assertThat(first.data()).isEmpty();
          assertThat(first.retry()).isPositive();
        } else {
          assertThat(first.method()).isEqualTo("notifications/progress");
        }
      }
    }
  }

  @Test
  void aSessionHasOneGeneralStreamAndTheNewestCounts() throws InterruptedException {
    McpTestClient client = gateway.client(admin).initialize();
    try (EventClient older = stream(client);
        EventClient newer = stream(client)) {
      assertThat(older.status()).isEqualTo(200);
      assertThat(older.rest()).allMatch(event -> event.data().isEmpty());
      Event first = newer.next();
      assertThat(first.id()).isNotEmpty();

      assertThat(client.delete().status()).isEqualTo(204);

      assertThat(newer.rest()).isEmpty();
    }
  }

  @Test
  void refusesStreamsThatCannotBe() {
    McpTestClient client = gateway.client(admin).initialize();

    assertThat(get(client, "Accept", "application/json").status()).isEqualTo(406);
    assertThat(get(client, "Authorization", "Bearer nonsense").status()).isEqualTo(401);
    assertThat(get(client, "Last-Event-ID", "99-1").status()).isEqualTo(400);
    assertThat(get(client, "Mcp-Session-Id", "unknown").status()).isEqualTo(404);
    McpTestClient stranger = gateway.client(gateway.userToken("stranger@example.com", "user"));
    stranger.session(client.session().orElseThrow());
    assertThat(get(stranger).status()).isEqualTo(404);
  }

  @Test
  void aUserHasOnlySoManyStreams() throws InterruptedException {
    String token = gateway.userToken("many@example.com", "admin");
    McpTestClient client = gateway.client(token).initialize();
    List<EventClient> open =
        List.of(
            stream(gateway.client(token).initialize(), token),
            stream(gateway.client(token).initialize(), token),
            stream(gateway.client(token).initialize(), token),
            stream(gateway.client(token).initialize(), token));
    try {
      Reply refused = get(client);
      assertThat(refused.status()).isEqualTo(429);
      assertThat(refused.header("retry-after")).isPresent();
    } finally {
      open.forEach(EventClient::close);
    }
    UpstreamFixtures.await(() -> {
      try (EventClient next = stream(client, token)) {
        return next.status() == 200;
      }
    });
  }

  @Test
  void aStreamEndsWithTheRightsOfItsUser() throws InterruptedException {
    String token = gateway.userToken("gone@example.com", "user");
    McpTestClient client = gateway.client(token).initialize();
    try (EventClient stream = stream(client, token)) {
      gateway.admin("DELETE", "/api/users/" + gateway.userId(token)).require(204);

      assertThat(stream.rest()).allMatch(event -> event.data().isEmpty());
    }
  }

  @Test
  void theOpeningOfAStreamIsOnRecord() throws InterruptedException {
    McpTestClient client = gateway.client(admin).initialize();
    try (EventClient stream = stream(client)) {
      assertThat(stream.status()).isEqualTo(200);
      JsonNode row = gateway.row("method=session/stream", _ -> true);
      assertThat(row.get("outcome").asText()).isEqualTo("allowed");
    }
  }

  private static EventClient stream(McpTestClient client, String... headers) {
    String token = headers.length % 2 == 1 ? headers[0] : admin;
    String[] all = new String[headers.length % 2 == 1 ? headers.length + 1 : headers.length + 2];
    all[0] = "Mcp-Session-Id";
    all[1] = client.session().orElseThrow();
    System.arraycopy(headers, headers.length % 2, all, 2, all.length - 2);
    return EventClient.get(gateway.uri("/mcp"), token, all);
  }

  private static Reply get(McpTestClient client, String... headers) {
    String[] all = new String[headers.length + 2];
    all[0] = "Accept";
    all[1] = "text/event-stream";
    System.arraycopy(headers, 0, all, 2, headers.length);
    return client.send("GET", BodyPublishers.noBody(), all);
  }

  private static EventClient call(McpTestClient client, String tool, int id) {
    return call(client, admin, tool, id);
  }

  private static EventClient call(McpTestClient client, String token, String tool, int id) {
    return EventClient.post(
        gateway.uri("/mcp"),
        token,
        ("{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\",\"params\":{\"name\":\"%s\","
                + "\"arguments\":{},\"_meta\":{\"progressToken\":\"mine\"}}}")
            .formatted(id, tool),
        "Mcp-Session-Id",
        client.session().orElseThrow());
  }

  private static void begin(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
  }

  private static void send(HttpExchange exchange, String message) throws IOException {
    exchange.getResponseBody().write(("data: " + message + "\n\n").getBytes(UTF_8));
    exchange.getResponseBody().flush();
  }

  private static String progress(String request, int value) {
    JsonNode token = TestGateway.parse(request).at("/params/_meta/progressToken");
    return ("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\","
            + "\"params\":{\"progressToken\":%s,\"progress\":%d}}")
        .formatted(token, value);
  }
}
