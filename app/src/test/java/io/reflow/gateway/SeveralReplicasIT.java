package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.EventClient;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.GatewayProcess;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.RawClient;
import io.reflow.gateway.testing.RoundRobin;
import io.reflow.gateway.testing.StatelessClient;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Two gateways over one database: a client may come to either with each of its requests, and goes
/// on when one of them stops or dies.
class SeveralReplicasIT {

  private static final Map<String, String> SETTINGS =
      Map.of(
          "REPLICA_ADDRESS", "127.0.0.1",
          "REPLICA_HOST", "127.0.0.1",
          "REPLICA_PORT", "0",
          "REPLICA_DEAD_AFTER", "5s",
          "DATABASE_CONNECTION_TIMEOUT", "2s",
          "SESSION_MAX_STREAMS_PER_USER", "2");

  private static final String INITIALIZE =
      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
          + "\"2024-11-05\",\"capabilities\":{},\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}}";

  private static final String LIST = "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/list\"}";

  private static final Map<String, Object> QUESTION =
      Map.of(
          "name",
          "web_question",
          "arguments",
          Map.of("ask", "elicitation/create", "message", "Name?", "requestedSchema", Map.of()));

  private static final CountDownLatch over = new CountDownLatch(1);
  private static FakeMcpServer web;
  private static String target;
  private static TestGateway one;
  private static TestGateway two;
  private static RoundRobin both;

  @BeforeAll
  static void start() throws InterruptedException {
    web = new FakeMcpServer().list("echo", "progress", "hang", "question");
    web.script("hang", (_, _) -> over.await());
    one = TestGateway.start(SETTINGS);
    target = one.target("web", web);
    two = one.replica();
    both = new RoundRobin(one.uri("/"), two.uri("/"));
    UpstreamFixtures.await(
        () -> two.client(one.adminToken()).initialize().toolNames().contains("web_echo"));
  }

  @AfterAll
  static void stop() {
    over.countDown();
    both.close();
    two.close();
    one.close();
    web.close();
  }

  private static McpTestClient at(TestGateway gateway, McpTestClient client) {
    return gateway.client(one.adminToken()).session(client.session().orElseThrow());
  }

  @Test
  void oneSessionWorksAtBoth() {
    McpTestClient client = both.client(one.adminToken()).initialize();

    for (int i = 0; i < 10; i++) {
      JsonNode result = client.callTool("web_echo", Map.of("n", i)).result();
      assertThat(result.get("echo").get("n").asInt()).isEqualTo(i);
      assertThat(client.toolNames()).contains("web_echo");
    }
    assertThat(client.delete().status()).isEqualTo(204);
    for (int i = 0; i < 2; i++) {
      assertThat(client.callTool("web_echo", Map.of()).status()).isEqualTo(404);
    }
  }

  @Test
  void aSuspendedCallGoesOnThroughTheOther() throws InterruptedException {
    Map<String, Object> asking =
        Map.of("ask", "elicitation/create", "message", "Name?", "requestedSchema", Map.of());
    Map<String, Object> params = Map.of("name", "curious_question", "arguments", asking);
    try (var curious = new FakeMcpServer().list("question")) {
      one.target("curious", curious);
      UpstreamFixtures.await(
          () -> two.client(one.adminToken()).initialize().toolNames().contains("curious_question"));
      JsonNode asked = stateless(one).request("tools/call", params).result();
      String key = asked.get("inputRequests").fieldNames().next();
      Map<String, Object> retry = new HashMap<>(params);
      retry.put("requestState", asked.get("requestState").asText());
      retry.put("inputResponses", Map.of(key, Map.of("action", "decline")));

      JsonNode result = stateless(two).request("tools/call", retry).result();

      assertThat(result.at("/reply/result/action").asText()).isEqualTo("decline");
      assertThat(stateless(two).request("tools/call", retry).error().get("code").asInt())
          .isEqualTo(-32602);
    }
  }

  private static StatelessClient stateless(TestGateway gateway) {
    return new StatelessClient(gateway.client(one.adminToken()))
        .can(Map.of("elicitation", Map.of()));
  }

  @Test
  void streamsArriveThroughTheOther() {
    McpTestClient client = one.client(one.adminToken()).initialize();

    Reply reply =
        at(two, client)
            .request(
                "tools/call",
                Map.of(
                    "name",
                    "web_progress",
                    "_meta",
                    Map.of("progressToken", "mine"),
                    "arguments",
                    Map.of("count", 5)));

    assertThat(reply.header("content-type").orElse("")).startsWith("text/event-stream");
    assertThat(reply.messages())
        .filteredOn(message -> message.path("method").asText().equals("notifications/progress"))
        .hasSizeBetween(1, 5)
        .allSatisfy(
            message -> assertThat(message.at("/params/progressToken").asText()).isEqualTo("mine"));
    assertThat(reply.result()).isNotNull();
  }

  private static EventClient stream(TestGateway at, McpTestClient client, String... headers) {
    String[] all = Arrays.copyOf(headers, headers.length + 2);
    all[headers.length] = "Mcp-Session-Id";
    all[headers.length + 1] = client.session().orElseThrow();
    return EventClient.get(at.uri("/mcp"), one.adminToken(), all);
  }

  @Test
  void theStreamOfASessionIsOpenedAndEndedThroughTheOther() throws InterruptedException {
    McpTestClient client = one.client(one.adminToken()).initialize();
    try (EventClient stream = stream(two, client)) {
      assertThat(stream.status()).isEqualTo(200);
      assertThat(stream.header("x-accel-buffering")).hasValue("no");

      assertThat(at(two, client).delete().status()).isEqualTo(204);

      assertThat(stream.rest()).allMatch(event -> event.data().isEmpty());
    }
  }

  /// A user may have two streams: who leaves the other replica has left this one.
  @Test
  void aClientThatLeavesTheOtherHasLeft() throws InterruptedException {
    McpTestClient first = one.client(one.adminToken()).initialize();
    McpTestClient second = one.client(one.adminToken()).initialize();
    McpTestClient third = one.client(one.adminToken()).initialize();
    try (EventClient stays = stream(two, first)) {
      assertThat(stays.status()).isEqualTo(200);
      try (EventClient leaves = stream(two, second)) {
        assertThat(leaves.status()).isEqualTo(200);
        try (EventClient refused = stream(two, third)) {
          assertThat(refused.status()).isEqualTo(429);
          assertThat(refused.header("retry-after")).isPresent();
        }
      }
      UpstreamFixtures.await(() -> {
        try (EventClient next = stream(two, third)) {
          return next.status() == 200;
        }
      });
    }
  }

  @Test
  void whatAClientIsAskedItAnswersToEither() throws InterruptedException {
    assertAnswersArrive(one, two);
    assertAnswersArrive(two, one);
    assertAnswersArrive(two, two);
  }

  /// With a session of the first replica, and a target that remembers nothing.
  private static void assertAnswersArrive(TestGateway asking, TestGateway answering)
      throws InterruptedException {
    try (var server = new FakeMcpServer().list("ask")) {
      Map<String, Object> fields = new HashMap<>(TestGateway.http(server.url()));
      fields.put("isolation_boundary", "per_user");
      String id = one.target("asking", fields);
      UpstreamFixtures.await(() -> two.admin("GET", "/api/targets/" + id).status() == 200);
      McpTestClient client = one.client(one.adminToken());
      Reply opened =
          client.request(
              "initialize",
              Map.of(
                  "protocolVersion",
                  "2025-11-25",
                  "capabilities",
                  Map.of("roots", Map.of()),
                  "clientInfo",
                  Map.of("name", "asked", "version", "1")));
      client.session(opened.header("mcp-session-id").orElseThrow());
      String call =
          "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\",\"params\":{\"name\":\"asking_ask\"}}";
      try (EventClient answer =
          EventClient.post(
              asking.uri("/mcp"),
              one.adminToken(),
              call,
              "Mcp-Session-Id",
              client.session().orElseThrow())) {
        JsonNode question = answer.message("roots/list");

        Reply posted =
            at(answering, client)
                .post(
                    "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\"roots\":[{\"uri\":\"file:///x\"}]}}"
                        .formatted(question.get("id")));

        assertThat(posted.status()).isEqualTo(202);
        assertThat(answer.answer().at("/result/roots/result/roots/0/uri").asText())
            .isEqualTo("file:///x");
      } finally {
        one.admin("DELETE", "/api/targets/" + id).require(204);
      }
    }
  }

  private static StatelessClient stateless(McpTestClient client) {
    return new StatelessClient(client).can(Map.of("elicitation", Map.of()));
  }

  private static JsonNode askedBy(StatelessClient client) {
    JsonNode asked = client.request("tools/call", QUESTION).result();
    assertThat(asked.get("resultType").asText()).isEqualTo("input_required");
    return asked;
  }

  private static Map<String, Object> answersTo(JsonNode asked) {
    Map<String, Object> params = new HashMap<>(QUESTION);
    params.put("requestState", asked.get("requestState").asText());
    params.put(
        "inputResponses",
        Map.of(
            asked.get("inputRequests").fieldNames().next(),
            Map.of("action", "accept", "content", Map.of("name", "ann"))));
    return params;
  }

  @Test
  void aSuspendedCallGoesOnWhereverItsClientComes() {
    JsonNode asked = askedBy(stateless(one.client(one.adminToken())));
    StatelessClient other = stateless(two.client(one.adminToken()));

    Reply answered = other.request("tools/call", answersTo(asked));

    assertThat(answered.result().get("resultType").asText()).isEqualTo("complete");
    assertThat(answered.body()).contains("ann");
    Reply again = other.request("tools/call", answersTo(asked));
    assertThat(again.error().get("code").asInt()).isEqualTo(-32602);
  }

  @Test
  void aSuspendedCallEndsWithItsReplica(@TempDir Path folder) throws InterruptedException {
    try (var third = new GatewayProcess(one, folder, SETTINGS)) {
      JsonNode asked = askedBy(stateless(third.client(one.adminToken())));

      third.kill();

      Reply lost = stateless(one.client(one.adminToken())).request("tools/call", answersTo(asked));
      assertThat(lost.status()).isEqualTo(200);
      assertThat(lost.error().get("code").asInt()).isEqualTo(-32602);
      assertThat(lost.error().get("message").asText()).contains("lost");
      JsonNode row = one.row("method=tools/call", it -> reason(it).contains("call was lost"));
      assertThat(row.get("outcome").asText()).isEqualTo("failed");
    }
  }

  @Test
  void aSuspendedCallOfAReplicaWithoutAnAddressIsOutOfReach(@TempDir Path folder)
      throws InterruptedException {
    Map<String, String> hidden = new HashMap<>(SETTINGS);
    hidden.remove("REPLICA_ADDRESS");
    try (var third = new GatewayProcess(one, folder, hidden)) {
      JsonNode asked = askedBy(stateless(third.client(one.adminToken())));
      StatelessClient elsewhere = stateless(one.client(one.adminToken()));

      JsonNode error = elsewhere.request("tools/call", answersTo(asked)).error();
      assertThat(error.get("code").asInt()).isEqualTo(-32602);
      assertThat(error.get("message").asText()).contains("replica.address");

      StatelessClient back = stateless(third.client(one.adminToken()));
      assertThat(back.request("tools/call", answersTo(asked)).body()).contains("ann");
    }
  }

  @Test
  void aChangeAtOneIsHeardByTheClientsOfTheOther() throws InterruptedException {
    String user = one.userToken("hears@example.com", "user");
    UpstreamFixtures.await(() -> two.get("/api/auth/me", user).status() == 200);
    McpTestClient client = one.client(user).initialize();
    assertThat(client.toolNames()).isEmpty();
    try (EventClient stream =
        EventClient.get(one.uri("/mcp"), user, "Mcp-Session-Id", client.session().orElseThrow())) {
      assertThat(stream.status()).isEqualTo(200);

      two.allow(target, user);

      assertThat(stream.message("notifications/tools/list_changed")).isNotNull();
      assertThat(client.toolNames()).contains("web_echo");
    }
  }

  @Test
  void theOldestTransportPostsToEither() throws InterruptedException {
    try (EventClient stream = EventClient.get(one.uri("/sse"), one.adminToken())) {
      String messages = stream.next().data();
      Optional<String> token = Optional.of(one.adminToken());

      assertThat(two.post(messages, token, INITIALIZE).status()).isEqualTo(202);
      assertThat(stream.answer().has("result")).isTrue();
      assertThat(two.post(messages, token, LIST).status()).isEqualTo(202);
      assertThat(stream.answer().at("/result/tools")).isNotEmpty();
    }
  }

  @Test
  void refusalsAreTheSameThroughTheOther() throws InterruptedException {
    McpTestClient client = one.client(one.adminToken()).initialize();
    String session = client.session().orElseThrow();
    String other = one.userToken("other@example.com", "admin");
    UpstreamFixtures.await(() -> two.get("/api/auth/me", other).status() == 200);

    assertThat(at(two, client).callTool("web_none", Map.of()).error())
        .isEqualTo(at(one, client).callTool("web_none", Map.of()).error());
    assertThat(at(two, client).post("{").status()).isEqualTo(400);
    assertThat(two.client("wrong").session(session).callTool("web_echo", Map.of()).status())
        .isEqualTo(401);
    assertThat(two.client(other).session(session).callTool("web_echo", Map.of()).status())
        .isEqualTo(404);
    assertThat(two.client(other).session(session).delete().status()).isEqualTo(404);
    assertThat(
            two.client(one.adminToken(), "web")
                .session(session)
                .callTool("echo", Map.of())
                .status())
        .isEqualTo(404);
    for (String forged : List.of("made-up", session + "x", "x" + session.substring(1))) {
      Reply reply = two.client(one.adminToken()).session(forged).callTool("web_echo", Map.of());
      assertThat(reply.status()).as(forged).isEqualTo(404);
    }
    assertThat(at(two, client).callTool("web_echo", Map.of()).result()).isNotNull();
  }

  @Test
  void sessionsAreListedAndEndedEverywhere() throws InterruptedException {
    String user = one.userToken("listed@example.com", "admin");
    UpstreamFixtures.await(() -> two.get("/api/auth/me", user).status() == 200);
    McpTestClient first = one.client(user).initialize();
    McpTestClient second = two.client(user).initialize();

    for (TestGateway gateway : List.of(one, two)) {
      JsonNode mine = gateway.get("/api/sessions", user).require(200).json();
      assertThat(mine.findValuesAsText("email"))
          .filteredOn("listed@example.com"::equals)
          .hasSize(2);
    }

    JsonNode recycled =
        two.send("POST", "/api/sessions/recycle", Optional.of(user), Optional.empty())
            .require(200)
            .json();
    assertThat(recycled.get("recycled").asInt()).isEqualTo(2);
    assertThat(second.callTool("web_echo", Map.of()).status()).isEqualTo(404);
    UpstreamFixtures.await(() -> first.callTool("web_echo", Map.of()).status() == 404);
  }

  @Test
  void nobodyElseGetsInByTheDoorOfTheReplicas() throws IOException {
    McpTestClient client = one.client(one.adminToken()).initialize();
    for (String seal :
        List.of(
            "",
            "Reflow-Forwarded: 1 1 1 x y z",
            "Reflow-Forwarded: 1 1 %d %s %s %s"
                .formatted(
                    System.currentTimeMillis(), "a".repeat(22), "b".repeat(43), "c".repeat(43)))) {
      try (var raw = new RawClient(one.internalPort())) {
        var answer =
            raw.ask(
                "POST",
                "/mcp",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}",
                "Content-Type: application/json",
                "Authorization: Bearer " + one.adminToken(),
                "Mcp-Session-Id: " + client.session().orElseThrow(),
                seal.isEmpty() ? "X-None: 1" : seal);
        assertThat(answer.status()).isEqualTo(403);
      }
    }
  }

  @Test
  void whatIsPassedOnNeedsNoDatabase() throws InterruptedException {
    McpTestClient client = one.client(one.adminToken()).initialize();
    assertThat(at(two, client).callTool("web_echo", Map.of()).result()).isNotNull();
    McpTestClient ended = one.client(one.adminToken()).initialize();
    assertThat(ended.delete().status()).isEqualTo(204);

    one.database().refuse();
    try {
      assertThat(at(two, client).callTool("web_echo", Map.of()).result()).isNotNull();
      Reply unknown = at(two, ended).callTool("web_echo", Map.of());
      assertThat(unknown.status()).isIn(404, 503);
      assertThat(at(one, client).callTool("web_echo", Map.of()).result()).isNotNull();
    } finally {
      one.database().admit();
    }
    UpstreamFixtures.await(() -> one.admin("GET", "/api/sessions").status() == 200);
    UpstreamFixtures.await(
        () -> two.client(one.adminToken()).request("ping", Map.of()).status() == 400);
  }

  /// Otherwise a client could send what the gateway can reach whatever it likes, in its name.
  @Test
  void aClientDoesNotChooseWhereItsRequestIsPassedOn() throws IOException {
    McpTestClient client = one.client(one.adminToken()).initialize();
    try (var stranger = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      stranger.setSoTimeout(200);
      String address = "127.0.0.1:" + stranger.getLocalPort();
      for (String target :
          List.of("http://%s/mcp", "//%s/../mcp", "//u@%s/../mcp", "http://%s/x/../mcp")) {
        try (var raw = new RawClient(two.uri("/").getPort())) {
          var answer =
              raw.ask(
                  "POST",
                  target.formatted(address),
                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}",
                  "Content-Type: application/json",
                  "Accept: application/json, text/event-stream",
                  "Authorization: Bearer " + one.adminToken(),
                  "Mcp-Session-Id: " + client.session().orElseThrow());
          assertThat(answer.status()).as(target).isEqualTo(200);
          assertThat(answer.body()).as(target).contains("\"result\":{}");
        }
      }
      assertThatThrownBy(stranger::accept).isInstanceOf(SocketTimeoutException.class);
    }
  }

  @Test
  void aClientGoesOnAtOnceWhenItsReplicaStops(@TempDir Path folder) throws InterruptedException {
    try (var third = new GatewayProcess(one, folder, SETTINGS)) {
      McpTestClient client = third.client(one.adminToken()).initialize();
      assertThat(at(one, client).callTool("web_echo", Map.of()).result()).isNotNull();

      third.terminate();

      long before = System.nanoTime();
      assertThat(at(one, client).callTool("web_echo", Map.of()).result()).isNotNull();
      assertThat(System.nanoTime() - before).isLessThan(Duration.ofSeconds(5).toNanos());
      assertThat(at(two, client).callTool("web_echo", Map.of()).result()).isNotNull();
    }
  }

  private static String reason(JsonNode row) {
    return row.path("reason").asText();
  }

  @Test
  void aClientGoesOnWhenItsReplicaDies(@TempDir Path folder) throws InterruptedException {
    try (var third = new GatewayProcess(one, folder, SETTINGS)) {
      McpTestClient client = third.client(one.adminToken()).initialize();
      assertThat(at(one, client).callTool("web_echo", Map.of()).result()).isNotNull();
      CompletableFuture<Reply> underWay =
          CompletableFuture.supplyAsync(
              () -> at(two, client).callTool("web_hang", Map.of()),
              task -> Thread.ofVirtual().start(task));
      UpstreamFixtures.await(
          () -> web.received().stream().anyMatch(it -> it.body().contains("\"hang\"")));

      EventClient stream = stream(one, client);
      String lastEvent = stream.next(event -> !event.id().isEmpty()).id();

      third.kill();

      assertThat(stream.rest()).allMatch(event -> event.data().isEmpty());
      assertThat(underWay.join().error().get("code").asInt()).isEqualTo(-32603);
      assertThat(underWay.join().error().get("message").asText()).contains("not known");
      JsonNode row = one.row("method=tools/call", it -> reason(it).contains("went away"));
      assertThat(row.get("outcome").asText()).isEqualTo("failed");
      assertThat(row.get("user_id").asText()).isEqualTo(one.userId(one.adminToken()));
      long before = System.nanoTime();
      List<Reply> replies =
          Stream.of(1, 2, 3, 4)
              .parallel()
              .map(n -> {
                Map<String, ?> params = Map.of("name", "web_echo", "arguments", Map.of("n", n));
                return at(n % 2 == 0 ? one : two, client).request(n, "tools/call", params);
              })
              .toList();
      assertThat(replies).allSatisfy(reply -> assertThat(reply.result()).isNotNull());
      assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(40));

      try (EventClient resumed = stream(two, client, "Last-Event-ID", lastEvent)) {
        assertThat(resumed.status()).isEqualTo(200);
      }

      third.start();
      McpTestClient back = third.client(one.adminToken()).session(client.session().orElseThrow());
      assertThat(back.callTool("web_echo", Map.of()).result()).isNotNull();
    }
  }

  /// It has waited on a stream that broke, and comes back for it where it is let in.
  @Test
  void whoComesBackForAnAnswerIsToldThatItIsLost(@TempDir Path folder) throws InterruptedException {
    try (var third = new GatewayProcess(one, folder, SETTINGS)) {
      McpTestClient client = third.client(one.adminToken()).initialize();
      String call =
          "{\"jsonrpc\":\"2.0\",\"id\":\"my call\",\"method\":\"tools/call\","
              + "\"params\":{\"name\":\"web_hang\"}}";
      String lastEvent;
      try (EventClient answer =
          EventClient.post(
              third.uri("/mcp"),
              one.adminToken(),
              call,
              "Mcp-Session-Id",
              client.session().orElseThrow())) {
        lastEvent = answer.next(event -> !event.id().isEmpty()).id();

        third.kill();

        assertThat(answer.rest()).allMatch(event -> event.data().isEmpty());
      }
      String told;
      try (EventClient resumed = stream(one, client, "Last-Event-ID", lastEvent)) {
        assertThat(resumed.status()).isEqualTo(200);
        EventClient.Event lost = resumed.next(event -> !event.data().isEmpty());
        assertThat(lost.json().get("id").asText()).isEqualTo("my call");
        assertThat(lost.json().at("/error/code").asInt()).isEqualTo(-32603);
        assertThat(lost.json().at("/error/message").asText()).contains("not known");
        assertThat(resumed.rest()).isEmpty();
        told = lost.id();
      }
      try (EventClient again = stream(two, client, "Last-Event-ID", told)) {
        assertThat(again.status()).isEqualTo(200);
        assertThat(again.rest()).allMatch(event -> event.data().isEmpty());
      }
    }
  }
}
