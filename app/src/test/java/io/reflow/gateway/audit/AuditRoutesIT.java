package io.reflow.gateway.audit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.http.Access;
import io.reflow.gateway.http.RestRoutes;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.Authentication.Kind;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.TokenScope;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.testing.TestDatabase;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AuditRoutesIT {

  private static final UserId BOB =
      new UserId(UUID.fromString("aaaaaaaa-0000-4000-8000-000000000009"));
  private static final Instant NOON = Instant.parse("2026-11-23T12:00:00Z");

  private final HttpClient http = HttpClient.newHttpClient();
  private final UUID replica = UUID.randomUUID();
  @TempDir Path folder;
  @TempDir Path others;

  private TestDatabase test;
  private ChainedRows rows;
  private WebServer server;

  @BeforeEach
  void start() {
    test = TestDatabase.fresh();
    HttpRouting.Builder routing = HttpRouting.builder();
    // Stands in for the one place that renders errors.
    routing.error(
        GatewayException.class,
        (_, response, failure) ->
            response
                .status(failure instanceof GatewayException.InvalidRequest ? 400 : 403)
                .send(failure.reason()));
    var routes = new RestRoutes<Authenticated>(routing, (token, _) -> caller(token.orElseThrow()));
    var anchors = new Anchors(folder);
    rows = new ChainedRows(new AuditStore(test.database()), Entries.keys(), anchors);
    var verifier =
        new ChainVerifier(test.database(), Entries.keys(), anchors, replica, rows::shipped);
    var audit = new AuditRoutes(test.database(), verifier);
    routes.get("/api/logs", Access.USER, audit::list);
    server = WebServer.builder().host("127.0.0.1").port(0).addRouting(routing).build().start();
  }

  @AfterEach
  void stop() {
    http.close();
    server.stop();
    test.close();
  }

  @Test
  void showsUsersTheirOwnRowsAndAdminsAll() throws IOException, InterruptedException {
    insert(3, Entries.ALICE);
    insert(2, BOB);

    assertThat(get("alice", "")).hasSize(3);
    assertThat(get("admin", "")).hasSize(5);
    assertThat(get("admin", "?user_id=" + BOB)).hasSize(2);
    assertThat(send("alice", "?user_id=" + BOB).statusCode()).isEqualTo(403);
    assertThat(get("alice", "?user_id=" + Entries.ALICE)).hasSize(3);
  }

  @Test
  void tellsAllThatIsKnown() throws IOException, InterruptedException {
    insert(1, Entries.ALICE);

    JsonNode row = get("alice", "").getFirst();

    assertThat(row.get("time").asText()).isEqualTo("2026-11-23T12:00:01Z");
    assertThat(row.get("target_name").asText()).isEqualTo("github");
    assertThat(row.get("feature_name").asText()).isEqualTo("tool_1");
    assertThat(row.get("outcome").asText()).isEqualTo("allowed");
    assertThat(row.get("duration_us").asLong()).isEqualTo(1_234);
    assertThat(row.has("error_code")).isFalse();
  }

  @Test
  void turnsPagesWithoutRepeatingOrSkipping() throws IOException, InterruptedException {
    insert(25, Entries.ALICE);

    List<Long> seen = new ArrayList<>();
    String page = "?limit=10";
    while (true) {
      HttpResponse<String> response = send("alice", page);
      rows(response).forEach(row -> seen.add(row.get("sequence").asLong()));
      insert(1, Entries.ALICE, 1_000 + seen.size());
      var next = response.headers().firstValue("X-Next-Cursor");
      if (next.isEmpty()) {
        break;
      }
      page = "?limit=10&cursor=" + next.get();
    }

    assertThat(seen).hasSize(25).isSortedAccordingTo(Comparator.reverseOrder());
    assertThat(get("alice", "?limit=3&offset=5").getFirst().get("sequence").asLong())
        .as("three were added")
        .isEqualTo(23);
  }

  @Test
  void readsNoMoreThanAnybodyNeedsOfLargeRows() throws IOException, InterruptedException {
    insert(301, Entries.ALICE);
    assertThat(get("alice", "?limit=500")).hasSize(301);
    assertThat(get("alice", "?limit=250&offset=60")).hasSize(241);
    assertThat(send("alice", "?limit=301").headers().firstValue("X-Next-Cursor")).isPresent();
    test.execute("alter table audit_log disable trigger all");
    test.execute("update audit_log set answer = repeat('x', 30000)");

    HttpResponse<String> page = send("alice", "?limit=500");

    assertThat(rows(page)).hasSize(200);
    String next = page.headers().firstValue("X-Next-Cursor").orElseThrow();
    assertThat(get("alice", "?limit=500&cursor=" + next)).hasSize(101);
  }

  @ParameterizedTest
  @CsvSource({
    "target=github, 5",
    "target=bbbbbbbb-0000-4000-8000-000000000002, 5",
    "target=other, 0",
    "method=tools/call, 5",
    "method=ping, 0",
    "outcome=allowed, 5",
    "outcome=denied, 0",
    "from=2026-11-23T12:00:03Z, 3",
    "to=2026-11-23T13:00:03%2B01:00, 2"
  })
  void filters(String filter, int rows) throws IOException, InterruptedException {
    insert(5, Entries.ALICE);

    assertThat(get("alice", "?" + filter)).hasSize(rows);
  }

  @Test
  void tellsUsersNoMoreOfWhatIsDeniedThanOfWhatDoesNotExist()
      throws IOException, InterruptedException {
    AuditIntent intent = Entries.intent(NOON, Entries.ALICE, "drop_database");
    rows.insert(replica, List.of(JournalRow.of(1, Entries.denied(intent))));

    JsonNode row = get("alice", "").getFirst();

    assertThat(row.get("outcome").asText()).isEqualTo("failed");
    assertThat(row.toString())
        .doesNotContain("github", "drop_database", "target_id", "policy", "reason");
    assertThat(get("alice", "?outcome=denied")).isEmpty();
    assertThat(get("alice", "?outcome=failed")).hasSize(1);
    assertThat(get("alice", "?target=github")).isEmpty();
    assertThat(get("alice", "?target=bbbbbbbb-0000-4000-8000-000000000002")).isEmpty();
    assertThat(get("admin", "?outcome=denied&target=github").getFirst().toString())
        .contains("drop_database", "reason");
  }

  @ParameterizedTest
  @CsvSource({
    "limit=0, limit",
    "limit=501, limit",
    "limit=x, limit",
    "offset=-1, offset",
    "cursor=nonsense, cursor",
    "outcome=fine, outcome",
    "from=yesterday, from",
    "target=%00, target",
    "user_id=alice, user_id"
  })
  void namesTheParameterThatIsWrong(String query, String parameter)
      throws IOException, InterruptedException {
    HttpResponse<String> response = send("alice", "?" + query);

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body()).contains("'" + parameter + "'");
  }

  private void insert(int count, UserId user) {
    insert(count, user, 0);
  }

  private void insert(int count, UserId user, int after) {
    List<JournalRow> entries = new ArrayList<>();
    for (int i = after + 1; i <= after + count; i++) {
      AuditIntent intent = Entries.intent(NOON.plusSeconds(i), user, "tool_" + i);
      entries.add(JournalRow.of(i, Entries.allowed(intent)));
    }
    if (user.equals(BOB)) {
      new ChainedRows(new AuditStore(test.database()), Entries.keys(), new Anchors(others))
          .insert(UUID.randomUUID(), entries);
    } else {
      rows.insert(replica, entries);
    }
  }

  private List<JsonNode> get(String token, String query) throws IOException, InterruptedException {
    HttpResponse<String> response = send(token, query);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return rows(response);
  }

  private static List<JsonNode> rows(HttpResponse<String> response) throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    new JsonMapper().readTree(response.body()).forEach(rows::add);
    return rows;
  }

  private HttpResponse<String> send(String token, String query)
      throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:%d/api/logs%s".formatted(server.port(), query));
    return http.send(
        HttpRequest.newBuilder(uri).header("Authorization", "Bearer " + token).build(),
        BodyHandlers.ofString());
  }

  private static Authenticated caller(String token) {
    boolean admin = token.equals("admin");
    var identity =
        new Identity(
            admin ? new UserId(UUID.randomUUID()) : Entries.ALICE,
            token + "@example.org",
            admin ? Identity.ADMIN : "member",
            Set.of());
    Set<TokenScope> scopes = admin ? Set.of(TokenScope.values()) : Set.of(TokenScope.API);
    return new Authenticated(identity, scopes, Kind.LOGIN, token, Instant.MAX);
  }
}
