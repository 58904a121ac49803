package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.GatewayProcess;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.StatelessClient;
import io.reflow.gateway.testing.TestGateway;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Suspended calls whose replica dies: where the target does not mind, they are made again.
class RepeatedCallsIT {

  private static final Map<String, String> SETTINGS =
      Map.of(
          "REPLICA_ADDRESS", "127.0.0.1",
          "REPLICA_HOST", "127.0.0.1",
          "REPLICA_PORT", "0",
          "REPLICA_DEAD_AFTER", "5s");

  private static FakeMcpServer safe;
  private static FakeMcpServer plain;
  private static TestGateway gateway;
  private static String safeId;
  @TempDir private Path folder;

  @BeforeAll
  static void start() {
    safe = new FakeMcpServer().list("questions");
    plain = new FakeMcpServer().list("questions");
    gateway = TestGateway.start(SETTINGS);
    safeId = gateway.target("safe", fields(true));
    gateway.target("plain", plain);
  }

  private static Map<String, Object> fields(boolean replaySafe) {
    Map<String, Object> fields = new HashMap<>(TestGateway.http(safe.url()));
    fields.put("name", "safe");
    fields.put("replay_safe", replaySafe);
    return fields;
  }

  private static void replaySafe(boolean now) {
    gateway.admin("PUT", "/api/targets/" + safeId, fields(now)).require(200);
  }

  @AfterAll
  static void stop() {
    gateway.close();
    plain.close();
    safe.close();
  }

  @AfterEach
  void askTheSameAgain() {
    safe.tools().wording("Question");
  }

  private static StatelessClient stateless(McpTestClient client) {
    return new StatelessClient(client).can(Map.of("elicitation", Map.of()));
  }

  private static StatelessClient here() {
    return stateless(gateway.client(gateway.adminToken()));
  }

  private static StatelessClient at(GatewayProcess other) {
    return stateless(other.client(gateway.adminToken()));
  }

  private static Map<String, Object> call(String tool, int questions, String tag) {
    return Map.of("name", tool, "arguments", Map.of("count", questions, "tag", tag));
  }

  private static JsonNode asked(Reply reply) {
    assertThat(reply.result().path("resultType").asText())
        .as(reply.body())
        .isEqualTo("input_required");
    return reply.result();
  }

  private static String message(JsonNode asked) {
    assertThat(asked.get("inputRequests")).hasSize(1);
    return asked.get("inputRequests").iterator().next().at("/params/message").asText();
  }

  private static Map<String, Object> answer(
      Map<String, Object> call, JsonNode asked, String content) {
    Map<String, Object> params = new HashMap<>(call);
    params.put("requestState", asked.get("requestState").asText());
    params.put(
        "inputResponses",
        Map.of(
            asked.get("inputRequests").fieldNames().next(),
            Map.of("action", "accept", "content", Map.of("name", content))));
    return params;
  }

  private static List<String> replies(Reply reply) {
    assertThat(reply.result().path("resultType").asText()).as(reply.body()).isEqualTo("complete");
    return reply.result().get("replies").findValuesAsText("name");
  }

  private static void assertLost(Reply reply, String why) {
    assertThat(reply.status()).as(reply.body()).isEqualTo(200);
    assertThat(reply.error().get("code").asInt()).as(reply.body()).isEqualTo(-32602);
    assertThat(reply.error().get("message").asText()).contains(why);
  }

  private static long calls(FakeMcpServer server, String tag) {
    return server.received().stream()
        .filter(one -> one.body().contains("\"tools/call\"") && one.body().contains(tag))
        .count();
  }

  @Test
  void isMadeAgainAtAnotherReplicaOnce() throws InterruptedException {
    Instant begun = Instant.now();
    Map<String, Object> call = call("safe_questions", 1, "once");
    try (var other = new GatewayProcess(gateway, folder, SETTINGS)) {
      JsonNode asked = asked(at(other).request("tools/call", call));

      other.kill();

      Map<String, Object> answer = answer(call, asked, "ann");
      assertThat(replies(here().request("tools/call", answer))).containsExactly("ann");
      assertThat(calls(safe, "once")).isEqualTo(2);
      JsonNode row =
          gateway.row("method=tools/call&from=" + begun, it -> reason(it).contains("made again"));
      assertThat(row.get("outcome").asText()).isEqualTo("allowed");
      assertLost(here().request("tools/call", answer), "used already");
      assertThat(calls(safe, "once")).isEqualTo(2);
    }
  }

  private static String reason(JsonNode row) {
    return row.path("reason").asText();
  }

  @Test
  void theNextQuestionIsAsked() throws InterruptedException {
    Map<String, Object> call = call("safe_questions", 2, "next");
    try (var other = new GatewayProcess(gateway, folder, SETTINGS)) {
      JsonNode first = asked(at(other).request("tools/call", call));
      assertThat(message(first)).endsWith("Question 1");

      other.kill();

      JsonNode second = asked(here().request("tools/call", answer(call, first, "ann")));
      assertThat(message(second)).endsWith("Question 2");
      assertThat(replies(here().request("tools/call", answer(call, second, "bob"))))
          .containsExactly("ann", "bob");
      assertThat(calls(safe, "next")).isEqualTo(2);
    }
  }

  /// Also when it is the same replica, after a restart.
  @Test
  void whatWasAnsweredBeforeIsNotAskedAgain() throws InterruptedException {
    Map<String, Object> call = call("safe_questions", 2, "before");
    try (var other = new GatewayProcess(gateway, folder, SETTINGS)) {
      JsonNode first = asked(at(other).request("tools/call", call));
      Map<String, Object> answer = answer(call, first, "ann");
      JsonNode second = asked(here().request("tools/call", answer));
      assertThat(calls(safe, "before")).isOne();

      other.kill();
      other.start();

      assertLost(at(other).request("tools/call", answer), "used already");
      assertThat(replies(at(other).request("tools/call", answer(call, second, "bob"))))
          .containsExactly("ann", "bob");
      assertThat(calls(safe, "before")).isEqualTo(2);
    }
  }

  @Test
  void longAnswersAreKept() throws InterruptedException {
    Map<String, Object> call = call("safe_questions", 2, "long");
    String text = "x".repeat(100_000);
    try (var other = new GatewayProcess(gateway, folder, SETTINGS)) {
      JsonNode first = asked(at(other).request("tools/call", call));
      JsonNode second = asked(at(other).request("tools/call", answer(call, first, text)));
      assertThat(second.get("requestState").asText()).hasSizeLessThan(1000);

      other.kill();

      assertThat(replies(here().request("tools/call", answer(call, second, "bob"))))
          .containsExactly(text, "bob");
    }
  }

  @Test
  void isLostIfTheTargetAsksSomethingElse() throws InterruptedException {
    Map<String, Object> call = call("safe_questions", 1, "changed");
    try (var other = new GatewayProcess(gateway, folder, SETTINGS)) {
      JsonNode asked = asked(at(other).request("tools/call", call));

      other.kill();
      safe.tools().wording("Delete all of it?");

      assertLost(here().request("tools/call", answer(call, asked, "ann")), "something else");
      assertThat(calls(safe, "changed")).isEqualTo(2);
    }
  }

  @Test
  void isLostIfTheTargetMinds() throws InterruptedException {
    Map<String, Object> call = call("plain_questions", 1, "minds");
    Map<String, Object> noLonger = call("safe_questions", 1, "noLonger");
    try (var other = new GatewayProcess(gateway, folder, SETTINGS)) {
      JsonNode asked = asked(at(other).request("tools/call", call));
      JsonNode askedToo = asked(at(other).request("tools/call", noLonger));

      other.kill();

      assertLost(here().request("tools/call", answer(call, asked, "ann")), "lost");
      assertThat(calls(plain, "minds")).isOne();
      replaySafe(false);
      try {
        assertLost(here().request("tools/call", answer(noLonger, askedToo, "ann")), "lost");
        assertThat(calls(safe, "noLonger")).isOne();
      } finally {
        replaySafe(true);
      }
    }
  }
}
