package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.EventClient;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.GatewayProcess;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.RoundRobin;
import io.reflow.gateway.testing.StatelessClient;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is changed at one gateway counts at the other too, for all that is open there.
class ReplicasAgreeIT {

  private static final Map<String, String> SETTINGS =
      Map.of(
          "REPLICA_ADDRESS", "127.0.0.1",
          "REPLICA_HOST", "127.0.0.1",
          "REPLICA_PORT", "0",
          "REPLICA_DEAD_AFTER", "5s",
          "SESSION_MAX_PER_USER", "3");

  private static final String LISTEN = "subscriptions/listen";

  /// Much longer than anything takes, and shorter than the time after which the gateway looks at
  /// all that is open without being told.
  private static final Duration SOON = Duration.ofSeconds(10);

  private static final CountDownLatch over = new CountDownLatch(1);
  private static final AtomicInteger marks = new AtomicInteger();
  private static FakeMcpServer web;
  private static String target;
  private static TestGateway one;
  private static TestGateway two;

  @BeforeAll
  static void start() throws InterruptedException {
    web = new FakeMcpServer().list("echo", "hang", "question");
    web.script("hang", (_, _) -> over.await());
    one = TestGateway.start(SETTINGS);
    target = one.target("web", web);
    two = one.replica();
    UpstreamFixtures.await(() -> two.admin("GET", "/api/targets/" + target).status() == 200);
  }

  @AfterAll
  static void stop() {
    over.countDown();
    two.close();
    one.close();
    web.close();
  }

  /// A user who may use the target, known at both.
  private static String user(String name) throws InterruptedException {
    String login = one.userToken(name + "@example.com", "user");
    one.allow(target, login);
    UpstreamFixtures.await(() -> {
      Reply reply = new StatelessClient(two.client(login)).callTool("web_echo", Map.of());
      return reply.status() == 200 && reply.answer().has("result");
    });
    return login;
  }

  private static EventClient listen(TestGateway at, String token) {
    String body =
        new StatelessClient(at.client(token))
            .body(1, LISTEN, Map.of("notifications", Map.of("toolsListChanged", true)));
    return EventClient.post(at.uri("/mcp"), token, body, StatelessClient.headers(LISTEN, Map.of()));
  }

  private static void assertAcknowledged(EventClient listen) throws InterruptedException {
    assertThat(listen.message("notifications/subscriptions/acknowledged")).isNotNull();
  }

  private static EventClient stream(TestGateway at, String token, McpTestClient client) {
    return EventClient.get(at.uri("/mcp"), token, "Mcp-Session-Id", client.session().orElseThrow());
  }

  /// All that a client can have open at the first gateway.
  private static final class Opened implements AutoCloseable {

    private static final Map<String, Object> QUESTION =
        Map.of(
            "name",
            "web_question",
            "arguments",
            Map.of("ask", "elicitation/create", "message", "Name?", "requestedSchema", Map.of()));

    private final EventClient stream;
    private final EventClient listen;
    private final CompletableFuture<Reply> callInSession;
    private final CompletableFuture<Reply> callWithout;
    private final JsonNode asked;

    Opened(String token) throws InterruptedException {
      McpTestClient client = one.client(token).initialize();
      stream = stream(one, token, client);
      assertThat(stream.status()).isEqualTo(200);
      listen = listen(one, token);
      assertAcknowledged(listen);
      callInSession = hanging(params -> client.callTool("web_hang", params));
      StatelessClient without = new StatelessClient(one.client(token));
      callWithout = hanging(params -> without.callTool("web_hang", params));
      asked = curious(token).request("tools/call", QUESTION).result();
      assertThat(asked.get("resultType").asText()).isEqualTo("input_required");
    }

    private static StatelessClient curious(String token) {
      return new StatelessClient(one.client(token)).can(Map.of("elicitation", Map.of()));
    }

    private interface Hanging {
      Reply call(Map<String, ?> params);
    }

    /// Begins a call, and waits until the target has it.
    private static CompletableFuture<Reply> hanging(Hanging call) throws InterruptedException {
      String mark = "mark " + marks.incrementAndGet() + " of a call";
      CompletableFuture<Reply> reply =
          CompletableFuture.supplyAsync(
              () -> call.call(Map.of("mark", mark)), task -> Thread.ofVirtual().start(task));
      UpstreamFixtures.await(
          () -> web.received().stream().anyMatch(it -> it.body().contains(mark)));
      return reply;
    }

    void assertEndsSoonAfter(Runnable change) throws InterruptedException {
      change.run();
      long before = System.nanoTime();
      assertThat(stream.rest()).allMatch(event -> event.data().isEmpty());
      var _ = listen.rest();
      assertThat(callInSession.join().body()).doesNotContain("\"result\"");
      assertThat(callWithout.join().body()).doesNotContain("\"result\"");
      assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(SOON);
    }

    void assertSessionEndsSoon() throws InterruptedException {
      long before = System.nanoTime();
      assertThat(stream.rest()).allMatch(event -> event.data().isEmpty());
      assertThat(callInSession.join().body()).doesNotContain("\"result\"");
      assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(SOON);
    }

    /// Comes back for the suspended call.
    Reply answer(String token) {
      Map<String, Object> params = new HashMap<>(QUESTION);
      params.put("requestState", asked.get("requestState").asText());
      params.put(
          "inputResponses",
          Map.of(asked.get("inputRequests").fieldNames().next(), Map.of("action", "decline")));
      return curious(token).request("tools/call", params);
    }

    /// Whether it is found to be lost, or is just being ended while its client comes back.
    void assertCallIsOver(String token) {
      assertThat(answer(token).error().get("code").asInt()).isIn(-32602, -32603);
    }

    @Override
    public void close() {
      stream.close();
      listen.close();
    }
  }

  @Test
  void recyclingThroughTheOtherEndsAll() throws InterruptedException {
    String login = user("recycled");
    try (var open = new Opened(login)) {
      open.assertEndsSoonAfter(() ->
          two.send("POST", "/api/sessions/recycle", Optional.of(login), Optional.empty())
              .require(200));

      open.assertCallIsOver(login);
      assertThat(one.client(login).initialize().callTool("web_echo", Map.of()).result())
          .isNotNull();
    }
  }

  @Test
  void recyclingEndsNothingOfOthersAndNothingThatComesLater() throws InterruptedException {
    String login = user("again");
    try (EventClient others = listen(one, one.adminToken())) {
      assertAcknowledged(others);
      for (int i = 0; i < 3; i++) {
        two.send("POST", "/api/sessions/recycle", Optional.of(login), Optional.empty())
            .require(200);
        try (EventClient listen = listen(two, login)) {
          assertAcknowledged(listen);
          String rule = one.allowTool(target, "none", login);
          assertThat(listen.message("notifications/tools/list_changed")).isNotNull();
          one.admin("DELETE", "/api/policies/" + rule).require(204);
        }
      }
      assertThat(others.silent()).isTrue();
    }
  }

  @Test
  void revokingATokenThroughTheOtherEndsWhatCameWithIt() throws InterruptedException {
    String login = user("revoked");
    JsonNode created =
        one.post("/api/auth/tokens", Optional.of(login), "{\"name\":\"t\"}").require(201).json();
    String token = created.get("token").asText();
    String id = created.at("/api_token/id").asText();
    try (EventClient stays = listen(one, login);
        var open = new Opened(token)) {
      assertAcknowledged(stays);

      open.assertEndsSoonAfter(() ->
          two.send("DELETE", "/api/auth/tokens/" + id, Optional.of(login), Optional.empty())
              .require(204));

      assertThat(open.answer(token).status()).isEqualTo(401);
      open.assertCallIsOver(login);
      assertThat(stays.silent()).isTrue();
    }
  }

  @Test
  void disablingAUserThroughTheOtherEndsAll() throws InterruptedException {
    String login = user("disabled");
    String id = one.userId(login);
    try (var open = new Opened(login)) {
      open.assertEndsSoonAfter(
          () -> two.admin("PUT", "/api/users/" + id, Map.of("enabled", false)).require(200));

      assertThat(open.answer(login).status()).isEqualTo(401);
    }
  }

  @Test
  void anotherRoleGivenThroughTheOtherEndsSessionsAndIsToldToListeners()
      throws InterruptedException {
    String login = user("promoted");
    String id = one.userId(login);
    try (var open = new Opened(login)) {
      two.admin("PUT", "/api/users/" + id, Map.of("role", "chief")).require(200);

      open.assertSessionEndsSoon();
      assertThat(open.listen.message("notifications/tools/list_changed")).isNotNull();
      assertThat(one.client(login).initialize().callTool("web_echo", Map.of()).result())
          .isNotNull();
    }
  }

  @Test
  void whoListensAtEitherHearsOfWhatChangesAtTheOther() throws InterruptedException {
    for (TestGateway changing : List.of(one, two)) {
      String login = user("hears" + changing.port());
      McpTestClient client = one.client(login).initialize();
      try (EventClient here = listen(one, login);
          EventClient there = listen(two, login);
          EventClient passedOn = stream(two, login, client)) {
        assertAcknowledged(here);
        assertAcknowledged(there);
        assertThat(passedOn.status()).isEqualTo(200);

        String rule = changing.allowTool(target, "none", login);

        for (EventClient each : List.of(here, there, passedOn)) {
          assertThat(each.message("notifications/tools/list_changed")).isNotNull();
        }
        one.admin("DELETE", "/api/policies/" + rule).require(204);
      }
    }
  }

  @Test
  void aUserHasSoManySessionsAtAllTogether() throws InterruptedException {
    String login = user("limited");
    McpTestClient first = one.client(login).initialize();
    McpTestClient second = two.client(login).initialize();
    McpTestClient third = two.client(login).initialize();
    for (TestGateway gateway : List.of(one, two)) {
      Reply refused = initialize(gateway, login);
      assertThat(refused.status()).isEqualTo(429);
      assertThat(refused.body()).contains("3 sessions");
      assertThat(refused.header("retry-after")).isPresent();
    }

    assertThat(third.delete().status()).isEqualTo(204);
    UpstreamFixtures.await(() -> initialize(one, login).status() == 200);
    assertThat(initialize(one, login).status()).isEqualTo(429);

    // As if its client had not come back for long.
    one.database()
        .execute(
            "update mcp_session set last_seen = now() - interval '10 min'"
                + " where digest = translate(encode(sha256('%s'), 'base64'), '+/=', '-_')"
                    .formatted(second.session().orElseThrow()));
    assertThat(initialize(one, login).status()).isEqualTo(200);
    UpstreamFixtures.await(() -> second.callTool("web_echo", Map.of()).status() == 404);
    assertThat(first.callTool("web_echo", Map.of()).result()).isNotNull();
  }

  private static Reply initialize(TestGateway at, String token) {
    return at.client(token)
        .request(
            "initialize",
            Map.of(
                "protocolVersion",
                "2025-11-25",
                "capabilities",
                Map.of(),
                "clientInfo",
                Map.of("name", "t", "version", "1")));
  }

  /// Of what was under way nobody may get an answer, but nobody gets a wrong one, and all go on.
  @Test
  void clientsGoOnWhenOneIsKilledInTheMiddle(@TempDir Path folder) throws InterruptedException {
    List<String> logins = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      logins.add(user("goes-on-" + i));
    }
    try (var third = new GatewayProcess(one, folder, SETTINGS);
        var balancer = new RoundRobin(one.uri("/"), third.uri("/"))) {
      var answered = new AtomicInteger();
      var killed = new CountDownLatch(1);
      List<CompletableFuture<Void>> clients = new ArrayList<>();
      for (String login : logins) {
        clients.add(
            async(() -> {
              McpTestClient client = balancer.client(login).initialize();
              for (int n = 0; n < 10; n++) {
                assertThat(calls(client, n)).isTrue();
              }
              int _ = answered.incrementAndGet();
              goOn(client, killed);
            }));
      }
      UpstreamFixtures.await(() -> {
        assertThat(clients).noneMatch(CompletableFuture::isCompletedExceptionally);
        return answered.get() == clients.size();
      });

      third.kill();
      killed.countDown();

      clients.forEach(CompletableFuture::join);
    }
  }

  private static CompletableFuture<Void> async(Runnable work) {
    return CompletableFuture.runAsync(work, task -> Thread.ofVirtual().start(task));
  }

  /// Until it has had so many answers in a row after the kill.
  private static void goOn(McpTestClient client, CountDownLatch killed) {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    int inARow = 0;
    for (int n = 10; inARow < 20; n++) {
      boolean before = killed.getCount() > 0;
      inARow = calls(client, n) && !before ? inARow + 1 : 0;
      assertThat(System.nanoTime()).isLessThan(deadline);
    }
  }

  /// Whether the target has answered; begins anew where that is asked for.
  private static boolean calls(McpTestClient client, int n) {
    try {
      if (client.session().isEmpty()) {
        var _ = client.initialize();
      }
      return echoes(client, n);
    } catch (UncheckedIOException _) {
      return false;
    }
  }

  private static boolean echoes(McpTestClient client, int n) {
    Reply reply = client.callTool("web_echo", Map.of("n", n));
    assertThat(reply.status()).as(reply.body()).isIn(200, 404, 503);
    if (reply.status() == 404) {
      var _ = client.noSession();
      return false;
    }
    if (reply.status() == 503 || reply.answer().has("error")) {
      assertThat(reply.body()).containsAnyOf("went away", "does not answer");
      return false;
    }
    assertThat(reply.result().at("/echo/n").asInt()).isEqualTo(n);
    return true;
  }
}
