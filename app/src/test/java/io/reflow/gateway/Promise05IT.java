package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Promise 5, every answer is on record: allowed, denied, failed or cancelled, with who and what
/// and by which rule.
class Promise05IT {

  private static FakeMcpServer web;
  private static TestGateway gateway;
  private static String token;
  private static String user;
  private static McpTestClient client;

  @BeforeAll
  static void start() {
    web = new FakeMcpServer().list("echo", "fail", "silent", "secret");
    gateway = TestGateway.start();
    String target = gateway.target("web", web);
    token = gateway.userToken("user@example.com", "user");
    user = gateway.userId(token);
    gateway.policy(
        Map.of(
            "name",
            "three tools",
            "target_id",
            target,
            "resource_type",
            "tool",
            "resource_pattern",
            "echo|fail|silent",
            "effect",
            "allow",
            "subjects",
            List.of(TestGateway.user(user))));
    client = gateway.client(token).initialize();
  }

  @AfterAll
  static void stop() {
    gateway.close();
    web.close();
  }

  private static JsonNode row(String tool, String outcome) throws InterruptedException {
    return gateway.row(
        "method=tools/call&user_id=%s&outcome=%s".formatted(user, outcome),
        row -> row.path("feature_name").asText().equals(tool));
  }

  private static void assertWho(JsonNode row) {
    assertThat(row.get("user_id").asText()).isEqualTo(user);
    assertThat(row.get("user_email").asText()).isEqualTo("user@example.com");
    assertThat(row.get("client_name").asText()).isEqualTo("test");
    assertThat(row.get("protocol_version").asText()).isEqualTo("2025-11-25");
    assertThat(row.get("target_name").asText()).isEqualTo("web");
    assertThat(row.get("feature_kind").asText()).isEqualTo("tool");
    assertThat(row.get("trace_id").asText()).matches("[0-9a-f]{32}");
    assertThat(row.get("session_id").asText())
        .isNotBlank()
        .isNotEqualTo(client.session().orElseThrow());
    assertThat(row.get("duration_us").asLong()).isPositive();
  }

  @Test
  void anAllowedCallIsOnRecord() throws InterruptedException {
    Reply reply = client.callTool("web_echo", Map.of("text", "private words"));
    assertThat(reply.result()).isNotNull();

    JsonNode row = row("echo", "allowed");

    assertWho(row);
    assertThat(row.get("policy").asText()).isEqualTo("three tools");
    assertThat(row.get("upstream_us").asLong()).isPositive();
    assertThat(row.get("answer_bytes").asInt()).isEqualTo(reply.body().length());
    assertThat(row.get("arguments_digest").asText()).isNotBlank();
    assertThat(row.toString()).doesNotContain("private words");
  }

  @Test
  void aDeniedCallIsOnRecord() throws InterruptedException {
    assertThat(client.callTool("web_secret", Map.of("text", "private words")).error()).isNotNull();

    JsonNode row = row("secret", "denied");

    assertWho(row);
    assertThat(row.get("arguments_digest").asText()).isNotBlank();
    assertThat(row.toString()).doesNotContain("private words");
    assertThat(row.get("reason").asText()).isNotBlank();
    assertThat(row.get("error_code").asInt()).isEqualTo(-32602);
  }

  @Test
  void aFailedCallIsOnRecord() throws InterruptedException {
    assertThat(client.callTool("web_fail", Map.of()).error()).isNotNull();

    JsonNode row = row("fail", "failed");

    assertWho(row);
    assertThat(row.get("policy").asText()).isEqualTo("three tools");
    assertThat(row.get("error_code").asInt()).isEqualTo(-32602);
  }

  @Test
  void aCancelledCallIsOnRecord() throws ExecutionException, InterruptedException {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Reply> call =
          threads.submit(() -> client.request("s", "tools/call", Map.of("name", "web_silent")));
      UpstreamFixtures.await(
          () -> web.received().stream().anyMatch(sent -> sent.body().contains("\"silent\"")));
      client.post(
          "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\","
              + "\"params\":{\"requestId\":\"s\"}}");
      assertThat(call.get().status()).isEqualTo(202);
    }

    assertWho(row("silent", "cancelled"));
  }

  @Test
  void whatIsNoCallIsOnRecordToo() throws InterruptedException {
    client.request("ping", Map.of());
    client.request("tools/list", Map.of());
    client.request("no/such", Map.of());
    assertThat(gateway.client(token).post("{").status()).isEqualTo(400);

    for (String method :
        List.of("initialize", "ping", "tools/list", "no/such", "notifications/initialized")) {
      assertThat(gateway.row("user_id=" + user + "&method=" + method, _ -> true)).isNotNull();
    }
    gateway.row("user_id=" + user + "&outcome=failed", row -> row.get("method").asText().isEmpty());
  }

  @Test
  void strangersAreCountedInsteadOfRecorded() throws InterruptedException {
    for (int i = 0; i < 20; i++) {
      assertThat(gateway.client("nonsense").request("strange/method", Map.of()).status())
          .isEqualTo(401);
    }
    client.request("after/them", Map.of());

    gateway.row("method=after/them", _ -> true);
    assertThat(gateway.logs("method=strange/method")).isEmpty();
  }

  @Test
  void usersSeeTheirOwnRowsOnly() throws InterruptedException {
    gateway.client(gateway.adminToken()).initialize();
    gateway.row("method=initialize", row -> !row.get("user_id").asText().equals(user));

    JsonNode rows = gateway.get("/api/logs?limit=500", token).require(200).json();

    assertThat(rows).isNotEmpty().allMatch(row -> row.get("user_id").asText().equals(user));
  }
}
