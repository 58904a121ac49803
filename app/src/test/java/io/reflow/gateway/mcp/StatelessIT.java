package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.StatelessClient;
import io.reflow.gateway.testing.TestGateway;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What clients of the stateless era get.
class StatelessIT {

  private static FakeMcpServer web;
  private static TestGateway gateway;
  private StatelessClient client;

  @BeforeAll
  static void start() {
    web = new FakeMcpServer().list("echo", "fail", "progress");
    gateway = TestGateway.start();
    gateway.target("web", web);
  }

  @AfterAll
  static void stop() {
    gateway.close();
    web.close();
  }

  @BeforeEach
  void connect() {
    client = new StatelessClient(gateway.client(gateway.adminToken()));
  }

  @Test
  void discoversWhatTheGatewaySpeaksAndOffers() {
    Reply reply = client.request("server/discover", Map.of());

    assertThat(reply.status()).isEqualTo(200);
    JsonNode result = reply.result();
    assertThat(result.get("supportedVersions"))
        .extracting(JsonNode::asText)
        .containsExactly("2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05");
    assertThat(result.get("capabilities").has("tools")).isTrue();
    assertThat(result.get("resultType").asText()).isEqualTo("complete");
    assertThat(result.get("ttlMs").asInt()).isEqualTo(60_000);
    assertThat(result.get("cacheScope").asText()).isEqualTo("private");
    assertServerInfo(result);
    assertThat(reply.header("mcp-session-id")).isEmpty();
  }

  @Test
  void callsAToolWithoutASession() {
    JsonNode result = client.callTool("web_echo", Map.of("x", 1)).result();

    assertThat(result.get("echo").get("x").asInt()).isEqualTo(1);
    assertThat(result.get("resultType").asText()).isEqualTo("complete");
    assertThat(result.has("ttlMs")).isFalse();
    assertServerInfo(result);
  }

  @Test
  void listsCanBeCachedByTheirOwnClientOnly() {
    JsonNode result = client.request("tools/list", Map.of()).result();

    assertThat(result.get("tools")).hasSize(3);
    assertThat(result.get("resultType").asText()).isEqualTo("complete");
    assertThat(result.get("ttlMs").isInt()).isTrue();
    assertThat(result.get("cacheScope").asText()).isEqualTo("private");
    assertServerInfo(result);
  }

  private static void assertServerInfo(JsonNode result) {
    assertThat(result.get("_meta").get("io.modelcontextprotocol/serverInfo").get("name").asText())
        .isEqualTo("reflow-gateway");
  }
}
