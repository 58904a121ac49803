package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The audit log of a whole gateway: what rows may hold, what clients may put into them, and what
/// becomes of calls that can't be recorded.
class AuditIT {

  private static McpTestClient client(TestGateway gateway, FakeMcpServer server) {
    gateway.target("web", server);
    return gateway.client(gateway.adminToken()).initialize();
  }

  private static JsonNode verdict(TestGateway gateway) {
    return gateway.admin("GET", "/api/logs/verify").require(200).json();
  }

  @Test
  void recordsBodiesWithoutWhatMustNotBeRecorded() throws InterruptedException {
    try (var web = new FakeMcpServer().list("echo");
        var gateway =
            TestGateway.start(
                Map.of(
                    "AUDIT_BODIES_RECORD", "all",
                    "AUDIT_BODIES_REDACT_PATHS",
                        "$.arguments.card.number,$.result.echo.card.number",
                    "AUDIT_BODIES_MAX_SIZE", "1KiB"))) {
      McpTestClient client = client(gateway, web);
      var arguments =
          Map.of(
              "text",
              "hello",
              "password",
              "hunter2",
              "card",
              Map.of("number", "4711", "owner", "Ann"));
      assertThat(client.callTool("web_echo", arguments).result()).isNotNull();

      JsonNode row = gateway.row("method=tools/call", _ -> true);

      assertThat(row.get("arguments").asText())
          .contains("hello", "Ann", "[redacted]")
          .doesNotContain("hunter2", "4711");
      assertThat(row.get("answer").asText()).contains("echo", "Ann", "[redacted]");
      assertThat(row.toString()).doesNotContain("hunter2", "4711");
      assertThat(client.callTool("web_echo", Map.of("long", "x".repeat(5_000))).result())
          .isNotNull();
      JsonNode cut =
          gateway.row("method=tools/call", each -> each.get("arguments").asText().contains("xxx"));
      assertThat(cut.get("arguments").asText()).endsWith("…").hasSizeLessThanOrEqualTo(1024);
      assertThat(cut.get("answer").asText()).endsWith("…").hasSizeLessThanOrEqualTo(1024);
      assertThat(verdict(gateway).get("unbroken").asBoolean()).isTrue();
    }
  }

  @Test
  void storesHostileNamesAndShowsThemEscaped() throws InterruptedException {
    try (var web = new FakeMcpServer().list("echo");
        var gateway = TestGateway.start()) {
      McpTestClient client = client(gateway, web);
      String hostile = "web_\u001b[2J\u0007\r\n\u0085\u202e\u2028\u0000<script>\"\\";
      client.callTool(hostile, Map.of());
      client.callTool("web_" + "x".repeat(1 << 20), Map.of());
      client.request("evil/\u009b31m" + "y".repeat(1 << 20), Map.of());

      gateway.row("outcome=failed", row -> row.path("feature_name").asText().contains("<script>"));
      gateway.row("outcome=failed", row -> row.get("method").asText().startsWith("evil/"));
      JsonNode longest = gateway.row("", row -> row.path("feature_name").asText().contains("xxxx"));
      assertThat(longest.get("feature_name").asText()).hasSizeLessThan(1_000);
      for (String path : List.of("/api/logs", "/api/logs/export")) {
        String body = gateway.admin("GET", path).require(200).body();
        assertThat(body.toLowerCase(Locale.ROOT))
            .contains("\\u001b[2j", "\\u0085", "\\u202e", "\\u2028", "\\u009b31m");
        assertThat(body.chars().filter(c -> c != '\n').noneMatch(AuditIT::steers)).isTrue();
      }
      assertThat(verdict(gateway).get("unbroken").asBoolean()).isTrue();
    }
  }

  private static boolean succeeded(Reply reply) {
    return reply.answer().has("result");
  }

  private static boolean steers(int c) {
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x202e || c == 0x2028;
  }

  @Test
  void refusesWhatItCannotRecordAndLosesNothing() throws InterruptedException {
    try (var web = new FakeMcpServer().list("echo");
        var gateway =
            TestGateway.start(Map.of("AUDIT_SEGMENT_SIZE", "128KiB", "AUDIT_SEGMENTS", "2"))) {
      McpTestClient client = client(gateway, web);
      assertThat(client.callTool("web_echo", Map.of()).result()).isNotNull();
      gateway.row("method=tools/call", _ -> true);

      gateway.database().refuse();
      int answered = 1;
      Reply reply;
      try {
        for (reply = client.callTool("web_echo", Map.of());
            succeeded(reply);
            reply = client.callTool("web_echo", Map.of())) {
          answered++;
          assertThat(answered).as("calls in a journal of 256 KiB").isLessThan(2_000);
        }
      } finally {
        gateway.database().admit();
      }

      assertThat(reply.error().get("message").asText()).contains("audit journal is full");
      UpstreamFixtures.await(() -> succeeded(client.callTool("web_echo", Map.of())));
      int before = answered;
      UpstreamFixtures.await(() ->
          gateway
                  .admin("GET", "/api/logs/export?method=tools/call&outcome=allowed")
                  .require(200)
                  .body()
                  .lines()
                  .count()
              > before);
      assertThat(verdict(gateway).get("unbroken").asBoolean()).isTrue();
    }
  }

  @Test
  void provesTheRowsOfAllReplicas() throws InterruptedException {
    try (var web = new FakeMcpServer().list("echo");
        var gateway = TestGateway.start(Map.of("AUDIT_CHECKPOINT_INTERVAL", "50ms"))) {
      McpTestClient here = client(gateway, web);
      try (var other = gateway.replica()) {
        McpTestClient there = other.client(other.adminToken()).initialize();
        for (int i = 0; i < 5; i++) {
          assertThat(here.callTool("web_echo", Map.of()).result()).isNotNull();
          assertThat(there.callTool("web_echo", Map.of()).result()).isNotNull();
        }
        UpstreamFixtures.await(() -> gateway.logs("method=tools/call").size() == 10);
        UpstreamFixtures.await(() -> verdict(gateway).has("checkpoint"));
      }
      gateway.restart();

      JsonNode verdict = verdict(gateway);
      assertThat(verdict.get("faults")).isEmpty();
      assertThat(verdict.get("unbroken").asBoolean()).isTrue();
      assertThat(verdict.get("chains")).hasSize(2);
      String checkpoint = verdict.get("checkpoint").asText();
      assertThat(
              gateway
                  .admin("GET", "/api/logs/verify?checkpoint=" + checkpoint)
                  .require(200)
                  .json()
                  .get("unbroken")
                  .asBoolean())
          .isTrue();
      assertThat(gateway.admin("GET", "/api/logs/verify?checkpoint=1.x").status()).isEqualTo(400);

      gateway
          .database()
          .execute("delete from audit_log where method = 'ping' or chain_position = 2");
      JsonNode broken = verdict(gateway);
      assertThat(broken.get("unbroken").asBoolean()).isFalse();
      assertThat(broken.get("faults").get(0).get("kind").asText()).isEqualTo("missing");
    }
  }
}
