package io.reflow.gateway.terminal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.Processes;
import io.reflow.gateway.testing.TerminalClient;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TerminalIT {

  private static final Pattern PID = Pattern.compile("pid=(\\d+)\\.");

  private static TestGateway gateway;
  private static String shared;
  private static String own;

  @BeforeAll
  static void start() {
    gateway = TestGateway.start(Map.of("TERMINAL_ENABLED", "true"));
    shared = target("shared-one", "shared");
    own = target("own-one", "per_user");
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @AfterEach
  void noProcessIsLeft() throws InterruptedException {
    UpstreamFixtures.await(() -> Processes.children() == 0);
  }

  private static String target(String name, String isolation) {
    Map<String, Object> fields = new HashMap<>(TestGateway.stdio(List.of("cat")));
    fields.put("isolation_boundary", isolation);
    String id = gateway.target(name, fields);
    gateway
        .admin(
            "POST",
            "/api/targets/" + id + "/env/default",
            Map.of("key", "GREETING", "value", "hello from " + name))
        .require(201);
    return id;
  }

  private static TerminalClient connect(String target) throws InterruptedException {
    return TerminalClient.connect(gateway, target, Map.of());
  }

  private static TerminalClient open(String target) throws InterruptedException {
    return connect(target).open(gateway.adminToken(), TestGateway.PASSWORD).awaitOpen();
  }

  private static long pid(TerminalClient client) throws InterruptedException {
    String shown = client.type("echo pid=$$.\n").awaitShown("pid=");
    UpstreamFixtures.await(() -> PID.matcher(client.shown()).find());
    Matcher matcher = PID.matcher(client.shown());
    assertThat(matcher.find()).as(shown).isTrue();
    return Long.parseLong(matcher.group(1));
  }

  private static JsonNode refusal(TerminalClient client) throws InterruptedException {
    try (client) {
      JsonNode last = client.last();
      assertThat(last.get("type").asText()).isEqualTo("error");
      assertThat(client.awaitClosed()).isEqualTo(1008);
      return last;
    }
  }

  @Test
  void aShellHasTheCredentialsAndTheFolderOfTheInstance() throws InterruptedException {
    try (TerminalClient client = open(shared)) {
      client.type("stty -echo; tty\n").awaitShown("/dev/pts/");
      client.type("echo \"$GREETING in $PWD\"\n").awaitShown("hello from shared-one in ");
      client.type("[ \"$HOME\" = \"$PWD\" ] && echo at home\n").awaitShown("at home");
      client.type("echo ${JWT_SECRET-no secret} $TERM\n").awaitShown("no secret xterm-256color");
      client.type("exit 3\n");

      assertThat(client.last().get("reason").asText()).isEqualTo("the program exited with code 3");
      assertThat(client.awaitClosed()).isEqualTo(1000);
    }
  }

  @Test
  void itsSizeFollowsTheClients() throws InterruptedException {
    try (TerminalClient client = connect(own)) {
      String first =
          TestGateway.json(
              Map.of(
                  "token",
                  gateway.adminToken(),
                  "password",
                  TestGateway.PASSWORD,
                  "instance",
                  "user:" + gateway.userId(gateway.adminToken()),
                  "columns",
                  100,
                  "rows",
                  30));
      client.send(first).awaitOpen().type("stty size\n").awaitShown("30 100");
      client.send("{\"columns\":132,\"rows\":43}").type("stty size\n").awaitShown("43 132");
    }
  }

  @Test
  void aMessageMayComeInParts() throws InterruptedException {
    try (TerminalClient client = open(shared)) {
      client.typeInParts("echo pa", "rts=$((6*7))\n").awaitShown("parts=42");
    }
  }

  @Test
  void muchOutputArrivesWhole() throws InterruptedException {
    try (TerminalClient client = open(shared)) {
      client.type("stty -echo -onlcr; seq 200000; echo end=$((1+1))\n").awaitShown("end=2");

      assertThat(client.shown()).contains("\n199999\n200000\nend=2");
      assertThat(client.shown().length()).isGreaterThan(1_200_000);
    }
  }

  @Test
  void controlCharactersReachTheProgram() throws InterruptedException {
    try (TerminalClient client = open(shared)) {
      client.type("echo ready=$((1+1)); sleep 1000\n").awaitShown("ready=2");
      client.type(new byte[] {3});
      client.type("echo back=$((40+2))\n").awaitShown("back=42");
    }
  }

  @Test
  void startAndEndAreOnRecord() throws InterruptedException {
    String id = target("recorded", "shared");
    try (TerminalClient client = open(id)) {
      JsonNode row = gateway.row("method=terminal/start&target=" + id, _ -> true);
      assertThat(row.get("outcome").asText()).isEqualTo("allowed");
      assertThat(row.get("target_name").asText()).isEqualTo("recorded");
      client.type("exit\n").awaitClosed();
    }

    JsonNode row = gateway.row("method=terminal/end&target=" + id, _ -> true);
    assertThat(row.get("reason").asText()).isEqualTo("the program exited with code 0");
    assertThat(row.get("outcome").asText()).isEqualTo("allowed");
  }

  @Test
  void theTreeEndsWithTheClient() throws InterruptedException {
    try (TerminalClient client = open(shared)) {
      long shell = pid(client);
      client.type("setsid sleep 987 & echo started=$((1+1))\n").awaitShown("started=2");

      client.abort();

      UpstreamFixtures.await(() -> !Processes.running(shell));
    }
  }

  @Test
  void itEndsWhenTheAdminIsNoneAnyMore() throws InterruptedException {
    String token = gateway.userToken("former-admin@example.com", "admin");
    try (TerminalClient client = connect(shared)) {
      client.open(token, TestGateway.PASSWORD).awaitOpen();
      long shell = pid(client);

      gateway
          .admin("PUT", "/api/users/" + gateway.userId(token), Map.of("role", "developer"))
          .require(200);

      assertThat(client.last().get("reason").asText()).contains("not allowed any more");
      UpstreamFixtures.await(() -> !Processes.running(shell));
    }
  }

  @Test
  void itEndsWithItsTarget() throws InterruptedException {
    String id = target("passing", "shared");
    try (TerminalClient client = open(id)) {
      gateway.admin("DELETE", "/api/targets/" + id).require(204);

      assertThat(client.last().get("reason").asText()).contains("not allowed any more");
    }
  }

  @Test
  void aWrongPasswordIsRefusedAndRecorded() throws InterruptedException {
    String id = target("guessed", "shared");

    JsonNode error = refusal(connect(id).open(gateway.adminToken(), "guess"));

    assertThat(error.get("error").asText()).isEqualTo("the password is wrong");
    assertThat(error.get("code").asText()).isEqualTo("not-permitted");
    JsonNode row =
        gateway.row(
            "method=terminal/start&outcome=denied",
            it -> it.get("reason").asText().equals("the password is wrong"));
    assertThat(row.get("trace_id").asText()).isEqualTo(error.get("trace_id").asText());
  }

  @Test
  void onlyAdminsGetOne() throws InterruptedException {
    String token = gateway.userToken("plain@example.com", "developer");
    gateway.allow(shared, token);

    JsonNode error = refusal(connect(shared).open(token, TestGateway.PASSWORD));

    assertThat(error.get("error").asText()).contains("role 'admin'");
  }

  @Test
  void aTokenThatIsNoneIsRefusedAndCounted() throws IOException, InterruptedException {
    double before = refused();

    JsonNode error = refusal(connect(shared).open("rfl_none", TestGateway.PASSWORD));

    assertThat(error.get("code").asText()).isEqualTo("not-authenticated");
    assertThat(refused()).isEqualTo(before + 1);
  }

  /// How many callers without a token that counts there were.
  private static double refused() throws IOException, InterruptedException {
    try (HttpClient http = HttpClient.newHttpClient()) {
      var request = HttpRequest.newBuilder(gateway.managementUri("/metrics")).build();
      return http.send(request, BodyHandlers.ofLines())
          .body()
          .filter(line -> line.startsWith("reflow_requests_refused_total{reason=\"token_invalid\""))
          .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
          .sum();
    }
  }

  @Test
  void anInstanceOfSomebodyElseIsRefused() throws InterruptedException {
    String first =
        TestGateway.json(
            Map.of(
                "token",
                gateway.adminToken(),
                "password",
                TestGateway.PASSWORD,
                "instance",
                "user:" + UUID.randomUUID()));

    JsonNode error = refusal(connect(own).send(first));

    assertThat(error.get("error").asText()).contains("or in one's own");
  }

  @Test
  void anInstanceOfARoleIsRefused() throws InterruptedException {
    JsonNode error =
        refusal(
            connect(target("of-a-role", "per_role"))
                .open(gateway.adminToken(), TestGateway.PASSWORD));

    assertThat(error.get("error").asText()).contains("or in one's own");
  }

  @Test
  void aTargetThatIsNoProcessIsRefused() throws InterruptedException {
    String id =
        gateway.target(
            "web", Map.of("transport_type", "streamable-http", "url", "http://127.0.0.1:9/"));

    JsonNode error = refusal(connect(id).open(gateway.adminToken(), TestGateway.PASSWORD));

    assertThat(error.get("error").asText()).isEqualTo("target 'web' is no child process");
  }

  @Test
  void anUnknownTargetIsRefused() throws InterruptedException {
    JsonNode error =
        refusal(
            connect(UUID.randomUUID().toString()).open(gateway.adminToken(), TestGateway.PASSWORD));

    assertThat(error.get("code").asText()).isEqualTo("not-found");
  }

  @Test
  void whatIsTypedBeforeTheFirstMessageIsRefused() throws InterruptedException {
    assertThat(refusal(connect(shared).type("ls\n")).get("code").asText())
        .isEqualTo("not-authenticated");
    assertThat(refusal(connect(shared).send("ls")).get("code").asText())
        .isEqualTo("invalid-request");
  }

  @Test
  void silenceIsNotWaitedForLong() throws InterruptedException {
    JsonNode error = refusal(connect(shared));

    assertThat(error.get("error").asText()).contains("did not come");
  }

  @Test
  void hugeMessagesEndTheConnection() throws InterruptedException {
    try (TerminalClient client = open(shared)) {
      typeTooMuch(client);

      assertThat(client.awaitClosed()).isIn(1009, -1);
    }
  }

  private static void typeTooMuch(TerminalClient client) throws InterruptedException {
    try {
      client.type("x".repeat(70_000).getBytes(StandardCharsets.UTF_8));
    } catch (AssertionError _) {
      // The gateway does not wait for the rest.
    }
  }

  @Test
  void aForeignPageIsRefused() {
    assertThatThrownBy(
            () -> TerminalClient.connect(gateway, shared, Map.of("Origin", "https://evil.example")))
        .hasCauseInstanceOf(WebSocketHandshakeException.class)
        .cause()
        .satisfies(it -> assertThat(status(it)).isEqualTo(403));
  }

  @Test
  void aPageOfThisGatewayIsLetIn() throws InterruptedException {
    try (TerminalClient client =
        TerminalClient.connect(gateway, shared, Map.of("Origin", "http://localhost:3000"))) {
      client.open(gateway.adminToken(), TestGateway.PASSWORD).awaitOpen();
    }
  }

  @Test
  void aTokenInTheUrlIsRefused() {
    String withToken = shared + "/terminal?token=x&rest=";

    assertThatThrownBy(() -> TerminalClient.connect(gateway, withToken, Map.of()))
        .hasCauseInstanceOf(WebSocketHandshakeException.class)
        .cause()
        .satisfies(it -> assertThat(status(it)).isEqualTo(400));
  }

  private static int status(Throwable failure) {
    return ((WebSocketHandshakeException) failure).getResponse().statusCode();
  }

  @Test
  void aRequestThatIsNoWebSocketIsToldSo() {
    assertThat(gateway.admin("GET", "/api/targets/" + shared + "/terminal").require(400).body())
        .contains("Upgrade: websocket");
  }

  @Test
  void itEndsWhenTheGatewayStops() throws InterruptedException {
    TestGateway other = TestGateway.start(Map.of("TERMINAL_ENABLED", "true"));
    try {
      String id = other.target("here", TestGateway.stdio(List.of("cat")));
      try (TerminalClient client = TerminalClient.connect(other, id, Map.of())) {
        client.open(other.adminToken(), TestGateway.PASSWORD).awaitOpen();
        long shell = pid(client);

        other.restart();

        assertThat(Processes.running(shell)).isFalse();
        int _ = client.awaitClosed();
        JsonNode row = other.row("method=terminal/end", _ -> true);
        assertThat(row.get("outcome").asText()).isEqualTo("allowed");
        assertThat(row.get("reason").asText()).contains("the gateway stops");
      }
    } finally {
      other.close();
    }
  }

  @Test
  void itIsOffByDefault() throws InterruptedException {
    try (TestGateway other = TestGateway.start()) {
      assertThatThrownBy(
              () -> TerminalClient.connect(other, UUID.randomUUID().toString(), Map.of()))
          .hasCauseInstanceOf(WebSocketHandshakeException.class)
          .cause()
          .satisfies(it -> assertThat(status(it)).isEqualTo(404));
    }
  }

  @Test
  void nobodyTypingAndTimePassingEndIt() throws InterruptedException {
    endsWith("TERMINAL_IDLE_TIMEOUT", "nothing was typed for 1 s");
    endsWith("TERMINAL_MAX_DURATION", "it was open for 1 s, the longest allowed");
  }

  private static void endsWith(String setting, String reason) throws InterruptedException {
    try (TestGateway other = TestGateway.start(Map.of("TERMINAL_ENABLED", "true", setting, "1s"))) {
      String id = other.target("here", TestGateway.stdio(List.of("cat")));
      try (TerminalClient client = TerminalClient.connect(other, id, Map.of())) {
        client.open(other.adminToken(), TestGateway.PASSWORD).awaitOpen();

        assertThat(client.last().get("reason").asText()).isEqualTo(reason);
      }
    }
  }

  @Test
  void thereAreOnlySoMany() throws InterruptedException {
    try (TestGateway other =
        TestGateway.start(Map.of("TERMINAL_ENABLED", "true", "TERMINAL_MAX_OPEN", "1"))) {
      String id = other.target("here", TestGateway.stdio(List.of("cat")));
      try (TerminalClient first = TerminalClient.connect(other, id, Map.of());
          TerminalClient second = TerminalClient.connect(other, id, Map.of())) {
        first.open(other.adminToken(), TestGateway.PASSWORD).awaitOpen();
        second.open(other.adminToken(), TestGateway.PASSWORD);

        assertThat(second.last().get("code").asText()).isEqualTo("overloaded");
        assertThat(second.awaitClosed()).isEqualTo(1013);
      }
    }
  }
}
