package io.reflow.gateway.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.TerminalClient;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LiveIT {

  private static final String WS = "/api/observability/ws";
  private static final String SNAPSHOT = "/api/observability/snapshot";

  private static TestGateway gateway;
  private static FakeMcpServer web;
  private static String user;
  private static McpTestClient mcp;

  @BeforeAll
  static void start() {
    gateway = TestGateway.start();
    web = new FakeMcpServer().list("echo", "hidden");
    String target = gateway.target("web", web);
    user = gateway.userToken("caller@example.com", "developer");
    gateway.allowTool(target, "echo", user);
    mcp = gateway.client(user).initialize();
  }

  @AfterAll
  static void stop() {
    gateway.close();
    web.close();
  }

  private static TerminalClient connect() throws InterruptedException {
    return TerminalClient.at(gateway, WS, Map.of());
  }

  private static TerminalClient watch(String token) throws InterruptedException {
    TerminalClient client = connect().send(TestGateway.json(Map.of("token", token)));
    UpstreamFixtures.await(() -> !client.messages().isEmpty());
    return client;
  }

  private static Stream<JsonNode> all(TerminalClient client, String type, String member) {
    return client.messages().stream()
        .filter(message -> message.get("type").asText().equals(type))
        .flatMap(message -> stream(message.get(member)));
  }

  private static Stream<JsonNode> stream(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }

  private static JsonNode await(
      TerminalClient client, String type, String member, Predicate<JsonNode> wanted)
      throws InterruptedException {
    UpstreamFixtures.await(() -> all(client, type, member).anyMatch(wanted));
    return all(client, type, member).filter(wanted).findFirst().orElseThrow();
  }

  private static boolean is(JsonNode node, String member, String value) {
    return node.path(member).asText().equals(value);
  }

  @Test
  void showsEachAnsweredCall() throws InterruptedException {
    try (TerminalClient client = watch(gateway.adminToken())) {
      assertThat(mcp.callTool("web_echo", Map.of("text", "private")).result()).isNotNull();

      JsonNode call = await(client, "activity", "calls", it -> is(it, "feature_name", "echo"));

      assertThat(call.get("user_email").asText()).isEqualTo("caller@example.com");
      assertThat(call.get("user_id").asText()).isEqualTo(gateway.userId(user));
      assertThat(call.get("method").asText()).isEqualTo("tools/call");
      assertThat(call.get("target_name").asText()).isEqualTo("web");
      assertThat(call.get("feature_kind").asText()).isEqualTo("tool");
      assertThat(call.get("outcome").asText()).isEqualTo("allowed");
      assertThat(call.get("duration_us").asLong()).isPositive();
      assertThat(call.get("time").asText()).endsWith("Z");
      assertThat(client.messages().toString()).doesNotContain("private");
    }
  }

  @Test
  void showsWhatWasDeniedAndWhy() throws InterruptedException {
    try (TerminalClient client = watch(gateway.adminToken())) {
      assertThat(mcp.callTool("web_hidden", Map.of()).error()).isNotNull();

      JsonNode call = await(client, "errors", "calls", it -> is(it, "feature_name", "hidden"));

      assertThat(call.get("outcome").asText()).isEqualTo("denied");
      assertThat(call.get("reason").asText()).isNotEmpty();
      assertThat(all(client, "activity", "calls").anyMatch(call::equals)).isTrue();
    }
  }

  @Test
  void showsFiguresEveryTwoSeconds() throws InterruptedException {
    try (TerminalClient client = watch(gateway.adminToken())) {
      assertThat(mcp.callTool("web_echo", Map.of()).result()).isNotNull();

      UpstreamFixtures.await(() -> metrics(client).count() >= 2);
      UpstreamFixtures.await(() -> metrics(client).anyMatch(LiveIT::busy));
      // Counted and read one after the other, so that a look may fall in between.
      UpstreamFixtures.await(() -> metrics(client).anyMatch(LiveIT::answering));

      JsonNode answering = metrics(client).filter(LiveIT::answering).findFirst().orElseThrow();
      assertThat(answering.get("p99_ms").asDouble()).isPositive();
      JsonNode figures = metrics(client).filter(LiveIT::busy).findFirst().orElseThrow();
      assertThat(figures.get("window_seconds").asDouble()).isGreaterThanOrEqualTo(2);
      assertThat(figures.get("status").asText()).isEqualTo("ok");
      assertThat(figures.get("sessions").asInt()).isPositive();
      assertThat(figures.get("streams").asInt()).isPositive();
      JsonNode target = figures.get("targets").get(0);
      assertThat(target.get("target").asText()).isEqualTo("web");
      assertThat(target.get("calls_per_second").asDouble()).isPositive();
    }
  }

  private static boolean busy(JsonNode figures) {
    return !figures.get("targets").isEmpty();
  }

  private static boolean answering(JsonNode figures) {
    return figures.get("requests_per_second").asDouble() > 0;
  }

  private static Stream<JsonNode> metrics(TerminalClient client) {
    return client.messages().stream()
        .filter(message -> is(message, "type", "metrics"))
        .map(message -> message.get("metrics"));
  }

  @Test
  void showsSessionsThatComeAndGo() throws InterruptedException {
    try (TerminalClient client = watch(gateway.adminToken())) {
      McpTestClient other = gateway.client(user).initialize();
      JsonNode opened = await(client, "sessions", "events", it -> is(it, "event", "opened"));
      String id = opened.get("session").get("session_id").asText();
      other.delete();

      JsonNode ended =
          await(
              client,
              "sessions",
              "events",
              it -> is(it, "event", "ended") && is(it.get("session"), "session_id", id));

      assertThat(opened.get("session").get("client").asText()).isEqualTo("test/1");
      assertThat(opened.get("session").get("path").asText()).isEqualTo("/mcp");
      assertThat(ended.get("session").get("user_email").asText()).isEqualTo("caller@example.com");
      assertThat(client.messages().toString()).doesNotContain(other.session().orElseThrow());
    }
  }

  @Test
  void beginsWithWhatTheSnapshotShows() throws InterruptedException {
    mcp.callTool("web_echo", Map.of());
    mcp.callTool("web_hidden", Map.of());

    JsonNode snapshot = gateway.admin("GET", SNAPSHOT).require(200).json();

    assertThat(stream(snapshot.get("activity")).anyMatch(it -> is(it, "feature_name", "echo")))
        .isTrue();
    assertThat(stream(snapshot.get("errors")).anyMatch(it -> is(it, "feature_name", "hidden")))
        .isTrue();
    assertThat(
            stream(snapshot.get("sessions"))
                .anyMatch(it -> is(it, "user_email", "caller@example.com")))
        .isTrue();
    assertThat(snapshot.get("metrics").get("sessions").asInt()).isPositive();
    try (TerminalClient client = watch(gateway.adminToken())) {
      JsonNode first = client.messages().getFirst();
      assertThat(first.get("type").asText()).isEqualTo("snapshot");
      assertThat(first.get("replica")).isEqualTo(snapshot.get("replica"));
      assertThat(first.fieldNames())
          .toIterable()
          .containsExactlyInAnyOrderElementsOf(() -> snapshot.fieldNames());
    }
  }

  @Test
  void whatClientsMakeUpIsCutAndEscaped() throws InterruptedException {
    String hostile = "\u001b[2J\u0007\u0085\u202e\u0000<script>\"";
    try (TerminalClient client = watch(gateway.adminToken())) {
      mcp.callTool("web_" + hostile + "x".repeat(1 << 20), Map.of());

      JsonNode call =
          await(client, "errors", "calls", it -> it.path("feature_name").asText().contains("[2J"));

      // As in the row: PostgreSQL takes no zero.
      assertThat(call.get("feature_name").asText())
          .contains(hostile.replace('\0', '?'))
          .hasSizeLessThan(256);
      String raw = gateway.admin("GET", SNAPSHOT).require(200).body();
      assertThat(raw).contains("\\u001b[2J\\u0007\\u0085\\u202e?<script>\\\"");
      assertThat(raw.chars().noneMatch(c -> c < 0x20 || c == 0x85 || c == 0x202e)).isTrue();
    }
  }

  @Test
  void onlyAdminsMayLook() throws InterruptedException {
    assertThat(refusal(connect().send(TestGateway.json(Map.of("token", user)))))
        .isEqualTo("not-permitted");
    gateway.get(SNAPSHOT, user).require(403);
    String withoutScope = gateway.apiToken(gateway.adminToken(), "for mcp only");
    assertThat(refusal(connect().send(TestGateway.json(Map.of("token", withoutScope)))))
        .isEqualTo("not-permitted");
    gateway.get(SNAPSHOT, withoutScope).require(403);
    gateway.send("GET", SNAPSHOT, Optional.empty(), Optional.empty()).require(401);
  }

  @Test
  void whoDoesNotSayWhoTheyAreIsRefused() throws InterruptedException {
    assertThat(refusal(connect())).isEqualTo("not-authenticated");
    assertThat(refusal(connect().send("{\"token\":\"rfl_none\"}"))).isEqualTo("not-authenticated");
    assertThat(refusal(connect().type("x"))).isEqualTo("not-authenticated");
    assertThat(refusal(connect().send("{}"))).isEqualTo("invalid-request");
  }

  private static String refusal(TerminalClient client) throws InterruptedException {
    try (client) {
      assertThat(client.awaitClosed()).isEqualTo(1008);
      assertThat(client.messages()).hasSize(1);
      return client.messages().getFirst().get("code").asText();
    }
  }

  @Test
  void foreignPagesAndTokensInTheUrlAreRefused() {
    assertThat(handshake(WS, Map.of("Origin", "https://evil.example"))).isEqualTo(403);
    assertThat(handshake(WS + "?token=" + gateway.adminToken(), Map.of())).isEqualTo(400);
    assertThat(gateway.admin("GET", WS).require(400).body()).contains("Upgrade: websocket");
  }

  private static int handshake(String path, Map<String, String> headers) {
    var refused = new WebSocketHandshakeException[1];
    assertThatThrownBy(() -> TerminalClient.at(gateway, path, headers))
        .cause()
        .isInstanceOfSatisfying(WebSocketHandshakeException.class, it -> refused[0] = it);
    return refused[0].getResponse().statusCode();
  }

  @Test
  void endsWithTheRightsOfWhoWatches() throws InterruptedException {
    endsWhen("demoted@example.com", id -> update(id, Map.of("role", "developer")));
    endsWhen("disabled@example.com", id -> update(id, Map.of("enabled", false)));
    endsWhen("gone@example.com", id -> gateway.admin("DELETE", "/api/users/" + id).require(204));
  }

  private static void update(String id, Map<String, ?> change) {
    gateway.admin("PUT", "/api/users/" + id, change).require(200);
  }

  private interface Withdrawal {
    void of(String userId);
  }

  private static void endsWhen(String email, Withdrawal withdrawal) throws InterruptedException {
    String token = gateway.userToken(email, "admin");
    String id = gateway.userId(token);
    try (TerminalClient client = watch(token)) {
      withdrawal.of(id);

      assertThat(client.last().get("reason").asText()).contains("not allowed any more");
      assertThat(client.awaitClosed()).isEqualTo(1000);
    }
  }

  @Test
  void endsWithItsToken() throws InterruptedException {
    JsonNode made =
        gateway
            .admin(
                "POST",
                "/api/auth/tokens",
                Map.of("name", "watching", "scopes", List.of("api", "admin")))
            .require(201)
            .json();
    try (TerminalClient client = watch(made.get("token").asText())) {
      String id = made.get("api_token").get("id").asText();
      gateway.admin("DELETE", "/api/auth/tokens/" + id).require(204);

      assertThat(client.last().get("reason").asText()).contains("not allowed any more");
    }
  }

  @Test
  void nothingMoreIsExpectedOfWhoWatches() throws InterruptedException {
    try (TerminalClient client = watch(gateway.adminToken())) {
      client.send("{}");

      assertThat(client.last().get("reason").asText()).contains("nothing may be sent");
    }
  }

  @Test
  void endsWhenTheGatewayStops() throws InterruptedException {
    try (TestGateway other = TestGateway.start()) {
      try (TerminalClient client = TerminalClient.at(other, WS, Map.of())) {
        client.send(TestGateway.json(Map.of("token", other.adminToken())));
        UpstreamFixtures.await(() -> !client.messages().isEmpty());

        other.restart();

        int _ = client.awaitClosed();
      }
    }
  }

  @Test
  void whoDoesNotReadIsDroppedWhileOthersAreServed() throws IOException, InterruptedException {
    try (TestGateway other = TestGateway.start();
        Socket reader = new Socket()) {
      String caller = other.userToken("busy@example.com", "developer");
      McpTestClient busy = other.client(caller).initialize();
      reader.setReceiveBufferSize(4096);
      reader.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), other.port()), 10_000);
      open(reader, other.adminToken());
      UpstreamFixtures.await(() -> streams(other) == 1);

      String wanted = "€".repeat(500);
      long deadline = System.nanoTime() + Duration.ofMinutes(2).toNanos();
      while (streams(other) == 1) {
        for (int i = 0; i < 200; i++) {
          assertThat(busy.callTool(wanted, Map.of()).error()).isNotNull();
        }
        assertThat(System.nanoTime()).as("dropped in time").isLessThan(deadline);
      }

      reader.setSoTimeout(20_000);
      assertThat(readToTheEnd(reader.getInputStream())).isPositive();
    }
  }

  private static int streams(TestGateway at) {
    JsonNode snapshot = at.admin("GET", SNAPSHOT).require(200).json();
    return snapshot.get("metrics").get("streams").asInt();
  }

  private static void open(Socket socket, String token) throws IOException {
    var out = new DataOutputStream(socket.getOutputStream());
    String request =
        "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                .formatted(WS)
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    out.write(request.getBytes(StandardCharsets.US_ASCII));
    byte[] first = TestGateway.json(Map.of("token", token)).getBytes(StandardCharsets.UTF_8);
    out.write(0x81);
    out.write(0x80 | 126);
    out.writeShort(first.length);
    // Masked with zeros.
    out.writeInt(0);
    out.write(first);
    out.flush();
  }

  private static long readToTheEnd(InputStream in) throws IOException {
    long count = 0;
    try {
      while (in.read() >= 0) {
        count++;
      }
    } catch (SocketException _) {
      // Cut off in the middle of what was on its way.
    }
    return count;
  }
}
