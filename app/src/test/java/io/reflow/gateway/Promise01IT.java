package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.RunningTime;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Promise 1, default deny: what no rule allows does not exist for a caller, and what an admin
/// takes away is gone when the admin's request is answered; on other replicas within two seconds.
class Promise01IT {

  private static final Duration SOON = Duration.ofSeconds(2);

  private static int people;
  private static FakeMcpServer web;
  private static TestGateway gateway;
  private static TestGateway replica;
  private static RunningTime time;
  private static String target;
  private String email;
  private String token;
  private String policy;

  @BeforeAll
  static void start() {
    time = RunningTime.start();
    web = new FakeMcpServer().list("echo", "secret", "silent");
    gateway = TestGateway.start();
    replica = gateway.replica();
    target = gateway.target("web", web);
  }

  @AfterAll
  static void stop() {
    replica.close();
    gateway.close();
    web.close();
    time.close();
  }

  @BeforeEach
  void newUserWithOneTool() throws InterruptedException {
    email = "user%d@example.com".formatted(++people);
    token = gateway.userToken(email, "user");
    policy = gateway.allowTool(target, "echo", token);
    UpstreamFixtures.await(() -> callsOn(replica));
  }

  private boolean callsOn(TestGateway at) {
    McpTestClient client = at.client(token);
    Reply opened =
        client.request(
            "initialize",
            Map.of(
                "protocolVersion",
                "2025-11-25",
                "capabilities",
                Map.of(),
                "clientInfo",
                Map.of("name", "t", "version", "1")));
    if (opened.status() != 200) {
      return false;
    }
    client.session(opened.header("mcp-session-id").orElseThrow());
    boolean allowed = client.callTool("web_echo", Map.of()).answer().has("result");
    assertThat(client.delete().status()).as("its rights may have changed").isIn(204, 404, 401);
    return allowed;
  }

  /// The change counts here when its request is answered, and soon on the replica.
  private void assertEnds(Runnable change) throws InterruptedException {
    assertThat(callsOn(gateway)).isTrue();
    assertThat(callsOn(replica)).isTrue();

    change.run();
    Duration changed = time.now();

    assertThat(callsOn(gateway)).isFalse();
    UpstreamFixtures.await(() -> {
      Duration since = time.since(changed);
      boolean allowed = callsOn(replica);
      assertThat(allowed && since.compareTo(SOON) >= 0)
          .as("allowed in a call that began %s after the change", since)
          .isFalse();
      return !allowed;
    });
  }

  @Test
  void whatNoRuleAllowsDoesNotExist() throws InterruptedException {
    McpTestClient client = gateway.client(token).initialize();

    assertThat(client.toolNames()).containsExactly("web_echo");
    Reply hidden = client.callTool("web_secret", Map.of());
    Reply missing = client.callTool("web_absent", Map.of());
    assertThat(hidden.error().toString().replace("secret", "absent"))
        .isEqualTo(missing.error().toString());
    assertThat(hidden.status()).isEqualTo(missing.status());
    assertThat(client.request("resources/read", Map.of("uri", "x://y")).error().get("code"))
        .hasToString("-32002");
    assertThat(web.received()).noneMatch(received -> received.body().contains("secret"));
    JsonNode row =
        gateway.row(
            "outcome=denied&user_id=" + gateway.userId(token),
            found -> found.path("feature_name").asText().equals("secret"));
    assertThat(row.get("reason").asText()).isNotBlank();
  }

  @Test
  void unknownMethodsAreNeverForwarded() {
    int before = web.received().size();

    Reply reply =
        gateway.client(gateway.adminToken()).initialize().request("tools/erase", Map.of());

    assertThat(reply.error().get("code").asInt()).isEqualTo(-32601);
    assertThat(web.received().subList(before, web.received().size()))
        .noneMatch(received -> received.body().contains("tools/erase"));
  }

  @Test
  void aDeletedRuleIsOver() throws InterruptedException {
    assertEnds(() -> gateway.admin("DELETE", "/api/policies/" + policy).require(204));
  }

  @Test
  void aDenyOfHigherPriorityCountsAtOnce() throws InterruptedException {
    assertEnds(() ->
        gateway.policy(
            Map.of(
                "name",
                "stop " + email,
                "effect",
                "deny",
                "resource_type",
                "all",
                "priority",
                10,
                "subjects",
                List.of(TestGateway.user(gateway.userId(token))))));
  }

  @Test
  void aDisabledUserIsOut() throws InterruptedException {
    String user = gateway.userId(token);

    assertEnds(
        () -> gateway.admin("PUT", "/api/users/" + user, Map.of("enabled", false)).require(200));
  }

  @Test
  void aRoleTakenAwayCountsAtOnce() throws InterruptedException {
    String user = gateway.userId(token);
    gateway.admin("DELETE", "/api/policies/" + policy).require(204);
    gateway.admin("PUT", "/api/users/" + user, Map.of("role", "admin")).require(200);
    UpstreamFixtures.await(() -> callsOn(replica));

    assertEnds(
        () -> gateway.admin("PUT", "/api/users/" + user, Map.of("role", "user")).require(200));
  }

  @Test
  void aGroupTakenAwayCountsAtOnce() throws InterruptedException {
    String user = gateway.userId(token);
    gateway.admin("DELETE", "/api/policies/" + policy).require(204);
    UpstreamFixtures.await(() -> !callsOn(replica));
    gateway.policy(
        Map.of(
            "name",
            "group of " + email,
            "effect",
            "allow",
            "resource_type",
            "tool",
            "resource_pattern",
            "echo",
            "subjects",
            List.of(Map.of("subject_type", "group", "subject_value", email))));
    gateway.admin("PUT", "/api/users/" + user, Map.of("groups", List.of(email))).require(200);
    UpstreamFixtures.await(() -> callsOn(replica));

    assertEnds(
        () -> gateway.admin("PUT", "/api/users/" + user, Map.of("groups", List.of())).require(200));
  }

  @Test
  void aDisabledTargetIsGone() throws InterruptedException {
    Map<String, Object> fields = new HashMap<>(TestGateway.http(web.url()));
    fields.put("name", "web");
    fields.put("enabled", false);
    try {
      assertEnds(() -> gateway.admin("PUT", "/api/targets/" + target, fields).require(200));
    } finally {
      fields.put("enabled", true);
      gateway.admin("PUT", "/api/targets/" + target, fields).require(200);
    }
  }

  @Test
  void aRevokedTokenIsOver() throws InterruptedException {
    String login = token;
    JsonNode created =
        gateway
            .post("/api/auth/tokens", Optional.of(login), "{\"name\":\"laptop\"}")
            .require(201)
            .json();
    token = created.get("token").asText();
    String id = created.get("api_token").get("id").asText();
    UpstreamFixtures.await(() -> callsOn(replica));

    assertEnds(() ->
        gateway
            .send("DELETE", "/api/auth/tokens/" + id, Optional.of(login), Optional.empty())
            .require(204));
  }

  @Test
  void aDisabledUsersRunningCallIsEnded() throws ExecutionException, InterruptedException {
    gateway.allowTool(target, "silent", token);
    McpTestClient client = gateway.client(token).initialize();
    String user = gateway.userId(token);
    int before = silentCalls();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Reply> call = threads.submit(() -> client.callTool("web_silent", Map.of()));
      UpstreamFixtures.await(() -> silentCalls() > before);

      gateway.admin("PUT", "/api/users/" + user, Map.of("enabled", false)).require(200);

      UpstreamFixtures.await(call::isDone);
      assertThat(call.get().status()).isEqualTo(404);
      assertThat(call.get().error().get("message").asText()).contains("begin anew");
    }
  }

  @Test
  void aCallThatARuleNoLongerAllowsIsEnded() throws ExecutionException, InterruptedException {
    String rule = gateway.allowTool(target, "silent", token);

    Reply reply =
        silentCallDuring(
            token, () -> gateway.admin("DELETE", "/api/policies/" + rule).require(204));

    assertThat(reply.error().get("message").asText()).isEqualTo("Unknown tool: web_silent");
  }

  @Test
  void aCallOfARevokedTokenIsEnded() throws ExecutionException, InterruptedException {
    gateway.allowTool(target, "silent", token);
    JsonNode created =
        gateway
            .post("/api/auth/tokens", Optional.of(token), "{\"name\":\"laptop\"}")
            .require(201)
            .json();
    String id = created.get("api_token").get("id").asText();

    Reply reply =
        silentCallDuring(
            created.get("token").asText(),
            () ->
                gateway
                    .send("DELETE", "/api/auth/tokens/" + id, Optional.of(token), Optional.empty())
                    .require(204));

    assertThat(reply.error().get("message").asText()).contains("no longer counts");
  }

  private static Reply silentCallDuring(String token, Runnable change)
      throws ExecutionException, InterruptedException {
    McpTestClient client = gateway.client(token).initialize();
    int before = silentCalls();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Reply> call = threads.submit(() -> client.callTool("web_silent", Map.of()));
      UpstreamFixtures.await(() -> silentCalls() > before);
      change.run();
      UpstreamFixtures.await(call::isDone);
      return call.get();
    }
  }

  private static int silentCalls() {
    return (int) web.received().stream().filter(sent -> sent.body().contains("\"silent\"")).count();
  }
}
