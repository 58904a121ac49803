package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.EventClient;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.Processes;
import io.reflow.gateway.testing.ShellServer;
import io.reflow.gateway.testing.StatelessClient;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What becomes of running processes when credentials, targets, policies or users change: those
/// that are concerned are replaced when their calls have ended, all others serve on.
class InstanceChangesIT {

  private static final String RECYCLE = "/api/sessions/recycle";

  @TempDir private static Path folder;

  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway = TestGateway.start();
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  /// A process and the secret that it has.
  private record Seen(long pid, String secret) {

    static Seen of(Reply reply) {
      JsonNode result = reply.result();
      return new Seen(result.get("pid").asLong(), result.get("secret").asText());
    }
  }

  /// A target that nobody else uses.
  private static final class Own {
    private final String name;
    private final Path gate;
    private final Map<String, Object> fields;
    private final String id;

    Own(String isolation) {
      this(isolation, "stateless");
    }

    Own(String isolation, String statefulness) {
      this("", isolation, statefulness);
    }

    Own(String more, String isolation, String statefulness) {
      name = "t-" + UUID.randomUUID().toString().substring(0, 8) + more;
      gate = folder.resolve(name);
      fields = new HashMap<>(TestGateway.stdio(ShellServer.command(gate)));
      fields.put("isolation_boundary", isolation);
      fields.put("statefulness", statefulness);
      id = gateway.target(name, fields);
    }

    String user(String role, String... groups) {
      String email = UUID.randomUUID() + "@example.com";
      String token = gateway.userToken(email, role, groups);
      String _ = gateway.allow(id, token);
      return token;
    }

    void secret(String scope, String value) {
      gateway
          .admin(
              "POST",
              "/api/targets/%s/env/%s".formatted(id, scope),
              Map.of("key", "SECRET", "value", value))
          .require(201);
    }

    void update(String field, Object value) {
      fields.put("name", name);
      fields.put(field, value);
      gateway.admin("PUT", "/api/targets/" + id, fields).require(200);
    }

    Seen seenBy(String token) {
      return seenIn(gateway.client(token).initialize());
    }

    Seen seenIn(McpTestClient session) {
      return Seen.of(session.callTool(name + "_whoami", Map.of()));
    }

    JsonNode instances() {
      return gateway.admin("GET", "/api/targets/" + id + "/instances").require(200).json();
    }

    List<String> states() {
      return instances().findValuesAsText("state");
    }
  }

  private static void awaitEnd(Seen process) throws InterruptedException {
    UpstreamFixtures.await(() -> !Processes.running(process.pid()));
  }

  @Test
  void aUsersOwnCredentialConcernsNobodyElse() throws InterruptedException {
    var target = new Own("per_user");
    String ann = target.user("dev");
    String ben = target.user("dev");
    target.secret("default", "for all");
    target.secret("user/" + gateway.userId(ann), "of ann");
    Seen ofAnn = target.seenBy(ann);
    Seen ofBen = target.seenBy(ben);
    assertThat(ofAnn.secret()).isEqualTo("of ann");

    target.secret("user/" + gateway.userId(ann), "new of ann");

    awaitEnd(ofAnn);
    assertThat(target.seenBy(ann).secret()).isEqualTo("new of ann");
    assertThat(target.seenBy(ben)).isEqualTo(ofBen);

    target.secret("default", "new for all");

    awaitEnd(ofBen);
    assertThat(target.seenBy(ben).secret()).isEqualTo("new for all");
    assertThat(target.seenBy(ann).secret()).isEqualTo("new of ann");
  }

  @Test
  void usersOfATargetWithTheLongestNameHaveProcessesOfTheirOwn() {
    var target = new Own("x".repeat(30), "per_user", "stateless");
    String ann = target.user("dev");
    String ben = target.user("dev");
    target.secret("user/" + gateway.userId(ann), "of ann");
    target.secret("user/" + gateway.userId(ben), "of ben");

    Seen ofAnn = target.seenBy(ann);
    Seen ofBen = target.seenBy(ben);

    assertThat(ofAnn.secret()).isEqualTo("of ann");
    assertThat(ofBen.secret()).isEqualTo("of ben");
    assertThat(ofAnn.pid()).isNotEqualTo(ofBen.pid());
  }

  @Test
  void aCredentialThatIsTakenAwayIsInNoProcessAnyMore() throws InterruptedException {
    var target = new Own("per_role");
    String ann = target.user("dev");
    target.secret("role/dev", "of developers");
    target.secret("role/ops", "of operators");
    Seen before = target.seenBy(ann);
    assertThat(before.secret()).isEqualTo("of developers");

    gateway.admin("DELETE", "/api/targets/" + target.id + "/env/role/ops/SECRET").require(204);
    assertThat(target.seenBy(ann)).as("another role's").isEqualTo(before);
    gateway.admin("DELETE", "/api/targets/" + target.id + "/env/role/dev/SECRET").require(204);

    awaitEnd(before);
    assertThat(target.seenBy(ann).secret()).isEmpty();
  }

  @Test
  void runningCallsFinishWithWhatTheyBeganWith()
      throws InterruptedException, ExecutionException, IOException {
    var target = new Own("shared");
    String ann = target.user("dev");
    target.secret("default", "old");
    Seen old = target.seenBy(ann);
    McpTestClient session = gateway.client(ann).initialize();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Reply> held = threads.submit(() -> session.callTool(target.name + "_held", Map.of()));
      UpstreamFixtures.await(() -> target.instances().path(0).path("calls_in_flight").asInt() == 1);

      target.secret("default", "new");

      Seen fresh = target.seenBy(ann);
      assertThat(fresh.secret()).isEqualTo("new");
      assertThat(target.states()).containsExactlyInAnyOrder("running", "draining");
      Files.createFile(target.gate);
      assertThat(Seen.of(held.get())).isEqualTo(old);
    }
    awaitEnd(old);
  }

  @Test
  void whatOnlyClientsSeeEndsNoProcess() throws InterruptedException {
    var target = new Own("shared");
    String ann = target.user("dev");
    target.secret("default", "x");
    Seen before = target.seenBy(ann);

    target.update("title", "A title");
    target.update("priority", 7);
    target.update("description", "words");
    String _ = target.user("other");

    assertThat(target.seenBy(ann)).isEqualTo(before);

    List<String> other = ShellServer.command(folder.resolve("other"));
    target.update("args", other.subList(1, other.size()));
    awaitEnd(before);
    assertThat(target.seenBy(ann).secret()).isEqualTo("x");
  }

  @Test
  void whoSharesAProcessChangesWithTheIsolation() throws InterruptedException {
    var target = new Own("shared");
    String ann = target.user("dev");
    target.secret("default", "for all");
    target.secret("user/" + gateway.userId(ann), "of ann");
    Seen shared = target.seenBy(ann);
    assertThat(shared.secret()).isEqualTo("for all");

    target.update("isolation_boundary", "per_user");

    awaitEnd(shared);
    Seen own = target.seenBy(ann);
    assertThat(own.secret()).isEqualTo("of ann");

    target.update("isolation_boundary", "shared");

    awaitEnd(own);
    assertThat(target.seenBy(ann).secret()).isEqualTo("for all");
  }

  @Test
  void aDisabledTargetRunsNothing() throws InterruptedException {
    var target = new Own("shared");
    Seen before = target.seenBy(target.user("dev"));

    target.update("enabled", false);

    awaitEnd(before);
    UpstreamFixtures.await(() -> target.instances().isEmpty());
  }

  @Test
  void anotherRoleMeansAnotherSessionAndAnotherProcess() throws InterruptedException {
    var target = new Own("per_role");
    String ann = target.user("dev");
    String ben = target.user("dev");
    target.secret("role/dev", "of developers");
    target.secret("role/ops", "of operators");
    McpTestClient session = gateway.client(ann).initialize();
    Seen before = target.seenIn(session);

    gateway.admin("PUT", "/api/users/" + gateway.userId(ann), Map.of("role", "ops")).require(200);

    assertThat(session.callTool(target.name + "_whoami", Map.of()).status()).isEqualTo(404);
    assertThat(target.seenIn(session.initialize()).secret()).isEqualTo("of operators");
    assertThat(target.seenBy(ben)).as("those who kept the role").isEqualTo(before);
  }

  @Test
  void anotherGroupMeansAnotherProcessOfOnesOwn() throws InterruptedException {
    var target = new Own("per_user");
    String ann = target.user("dev", "red");
    target.secret("group/red", "of the red");
    Seen before = target.seenBy(ann);
    assertThat(before.secret()).isEqualTo("of the red");

    gateway
        .admin("PUT", "/api/users/" + gateway.userId(ann), Map.of("groups", List.of()))
        .require(200);

    awaitEnd(before);
    assertThat(target.seenBy(ann).secret()).isEmpty();
  }

  @Test
  void whoIsGoneHasNoProcess() throws InterruptedException {
    var target = new Own("per_user");
    String ann = target.user("dev");
    Seen before = target.seenBy(ann);

    gateway
        .admin("PUT", "/api/users/" + gateway.userId(ann), Map.of("enabled", false))
        .require(200);

    awaitEnd(before);
  }

  @Test
  void statelessClientsSeeTheNewRulesAndListenersAreTold() throws InterruptedException {
    var target = new Own("per_role");
    String ann = target.user("dev");
    target.secret("role/dev", "of developers");
    target.secret("role/ops", "of operators");
    var client = new StatelessClient(gateway.client(ann));
    assertThat(Seen.of(client.callTool(target.name + "_whoami", Map.of())).secret())
        .isEqualTo("of developers");
    String listen = "subscriptions/listen";
    String body = client.body(1, listen, Map.of("notifications", Map.of("toolsListChanged", true)));
    try (var events =
        EventClient.post(
            gateway.uri("/mcp"), ann, body, StatelessClient.headers(listen, Map.of()))) {
      JsonNode _ = events.message("notifications/subscriptions/acknowledged");

      gateway.admin("PUT", "/api/users/" + gateway.userId(ann), Map.of("role", "ops")).require(200);

      JsonNode _ = events.message("notifications/tools/list_changed");
      assertThat(Seen.of(client.callTool(target.name + "_whoami", Map.of())).secret())
          .isEqualTo("of operators");
      String _ = gateway.policy(allow(target, "whoami", "role", "ops"));
      JsonNode _ = events.message("notifications/tools/list_changed");
    }
  }

  private static Map<String, ?> allow(Own target, String tool, String type, String value) {
    return Map.of(
        "name",
        tool + " of " + target.name,
        "target_id",
        target.id,
        "resource_type",
        "tool",
        "resource_pattern",
        tool,
        "effect",
        "allow",
        "subjects",
        List.of(Map.of("subject_type", type, "subject_value", value)));
  }

  @Test
  void whoBeginsAnewGetsNewProcessesOfTheirOwnOnly() throws InterruptedException {
    var own = new Own("per_user");
    var shared = new Own("shared");
    String ann = own.user("dev");
    String ben = own.user("dev");
    String _ = gateway.allow(shared.id, ann);
    Seen ofAnn = own.seenBy(ann);
    Seen ofBen = own.seenBy(ben);
    Seen ofAll = shared.seenBy(ann);
    McpTestClient session = gateway.client(ann).initialize();

    JsonNode recycled = gateway.post(RECYCLE, Optional.of(ann), "{}").require(200).json();

    assertThat(recycled.get("recycled").asInt()).isEqualTo(3);
    assertThat(recycled.get("user_id").asText()).isEqualTo(gateway.userId(ann));
    assertThat(session.callTool(own.name + "_whoami", Map.of()).status()).isEqualTo(404);
    awaitEnd(ofAnn);
    Seen again = own.seenBy(ann);
    assertThat(own.seenBy(ben)).isEqualTo(ofBen);
    assertThat(shared.seenBy(ann)).isEqualTo(ofAll);

    gateway.admin("POST", "/api/users/" + gateway.userId(ann) + "/recycle").require(200);
    awaitEnd(again);
    assertThat(own.seenBy(ben)).isEqualTo(ofBen);
    gateway
        .post("/api/users/" + gateway.userId(ben) + "/recycle", Optional.of(ann), "{}")
        .require(403);
  }

  /// There is no session then, so that a stateful target has a process for each user; what it gets
  /// is still what its isolation gives.
  @Test
  void statelessClientsCanUseStatefulTargets() {
    var target = new Own("shared", "stateful");
    String ann = target.user("dev");
    String ben = target.user("dev");
    target.secret("default", "for all");
    target.secret("user/" + gateway.userId(ann), "of ann");

    Seen ofAnn =
        Seen.of(
            new StatelessClient(gateway.client(ann)).callTool(target.name + "_whoami", Map.of()));
    Seen ofBen =
        Seen.of(
            new StatelessClient(gateway.client(ben)).callTool(target.name + "_whoami", Map.of()));

    assertThat(ofAnn.secret()).isEqualTo("for all");
    assertThat(ofBen.secret()).isEqualTo("for all");
    assertThat(ofAnn.pid()).isNotEqualTo(ofBen.pid());
  }

  @Test
  void theApiTellsWhatRuns() {
    var target = new Own("per_role");
    String ann = target.user("dev");
    Seen seen = target.seenBy(ann);

    JsonNode one = target.instances().get(0);

    assertThat(target.instances()).hasSize(1);
    assertThat(one.get("subject_key").asText()).isEqualTo("role:dev");
    assertThat(one.get("state").asText()).isEqualTo("running");
    assertThat(one.get("pid").asLong()).isEqualTo(seen.pid());
    assertThat(one.get("age_seconds").asLong()).isBetween(0L, 60L);
    assertThat(one.get("idle_seconds").asLong()).isBetween(0L, 60L);
    assertThat(one.get("calls_in_flight").asInt()).isZero();
    assertThat(one.get("failures").asInt()).isZero();
    gateway.get("/api/targets/" + target.id + "/instances", ann).require(403);
    gateway
        .post("/api/targets/" + target.id + "/restart-instances", Optional.of(ann), "{}")
        .require(403);
    gateway.admin("GET", "/api/targets/" + UUID.randomUUID() + "/instances").require(404);
  }

  @Test
  void whatCrashesAgainAndAgainIsShownAndStartsAtOnceWhenToldTo() throws InterruptedException {
    var target = new Own("per_user");
    String ann = target.user("dev");
    Seen _ = target.seenBy(ann);
    McpTestClient session = gateway.client(ann).initialize();
    UpstreamFixtures.await(() -> {
      Reply _ = session.callTool(target.name + "_die", Map.of());
      return target.states().equals(List.of("crash_loop"));
    });
    JsonNode one = target.instances().get(0);
    assertThat(one.get("failures").asInt()).isGreaterThan(1);
    assertThat(one.get("reason").asText()).contains(target.name);

    gateway.admin("POST", "/api/targets/" + target.id + "/restart-instances").require(200);

    assertThat(target.seenBy(ann).pid()).isPositive();
    UpstreamFixtures.await(() -> target.states().equals(List.of("running")));
  }

  @Test
  void aRestartReplacesAllProcessesOfATarget() throws InterruptedException {
    var target = new Own("per_user");
    String ann = target.user("dev");
    String ben = target.user("dev");
    Seen ofAnn = target.seenBy(ann);
    Seen ofBen = target.seenBy(ben);

    JsonNode restarted =
        gateway
            .admin("POST", "/api/targets/" + target.id + "/restart-instances")
            .require(200)
            .json();

    assertThat(restarted.get("restarted").asInt()).isEqualTo(2);
    awaitEnd(ofAnn);
    awaitEnd(ofBen);
    assertThat(target.seenBy(ann).pid()).isNotEqualTo(ofAnn.pid());
  }
}
