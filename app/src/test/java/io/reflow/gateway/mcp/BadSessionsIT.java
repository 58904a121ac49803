package io.reflow.gateway.mcp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.CleanReply;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.RawClient;
import io.reflow.gateway.testing.TestGateway;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Promise 9 for what goes around a message: tokens, sessions, versions, hosts.
class BadSessionsIT {

  private static final String PING = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";

  private static FakeMcpServer web;
  private static TestGateway gateway;
  private static String admin;

  @BeforeAll
  static void start() {
    web = new FakeMcpServer();
    gateway = TestGateway.start();
    gateway.target("web", web);
    admin = gateway.adminToken();
  }

  @AfterAll
  static void stop() {
    gateway.close();
    web.close();
  }

  @Test
  void aRequestWithoutASessionIsAskedToInitialize() {
    Reply reply = CleanReply.check(gateway.client(admin).post(PING));

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.error().get("code").asInt()).isEqualTo(-32600);
    assertThat(reply.error().get("message").asText()).contains("Mcp-Session-Id", "initialize");
  }

  @Test
  void sessionsThatAreNotTheCallersAreUnknown() {
    String other = gateway.userToken("other@example.com", "admin");
    String mine = gateway.client(admin).initialize().session().orElseThrow();
    String onTarget = gateway.client(admin, "web").initialize().session().orElseThrow();

    assertUnknown(gateway.client(admin).session("made-up"));
    assertUnknown(gateway.client(other).session(mine));
    assertUnknown(gateway.client(admin, "web").session(mine));
    assertUnknown(gateway.client(admin).session(onTarget));
    assertThat(gateway.client(other).session(mine).delete().status()).isEqualTo(404);
    assertThat(gateway.client(admin).session(mine).post(PING).status()).isEqualTo(200);
  }

  private static void assertUnknown(McpTestClient client) {
    Reply reply = CleanReply.check(client.post(PING));
    assertThat(reply.status()).as(reply.body()).isEqualTo(404);
    assertThat(reply.error().get("message").asText()).contains("initialize");
  }

  @Test
  void aClosedSessionIsUnknown() {
    McpTestClient client = gateway.client(admin).initialize();

    assertThat(client.delete().status()).isEqualTo(204);

    assertUnknown(client);
    assertThat(client.delete().status()).isEqualTo(404);
  }

  @Test
  void hiddenAndMissingTargetsAreTheSame() {
    String stranger = gateway.userToken("stranger@example.com", "user");
    gateway.admin(
        "POST",
        "/api/targets",
        Map.of("name", "off", "transport_type", "stdio", "command", "true", "enabled", false));

    String missing = initialize(stranger, "missing");
    assertThat(initialize(stranger, "web").replace("web", "missing")).isEqualTo(missing);
    assertThat(initialize(admin, "off").replace("off", "missing")).isEqualTo(missing);
  }

  private static String initialize(String token, String target) {
    Reply reply = gateway.client(token, target).request(1, "initialize", Map.of());
    assertThat(reply.status()).isEqualTo(404);
    return reply.body();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1999-01-01", "2026-07-28", "latest", "2025-11-25, 2025-06-18"})
  void unsupportedVersionsAreRefused(String version) {
    McpTestClient client = gateway.client(admin).initialize();

    Reply reply = CleanReply.check(client.post(PING, "MCP-Protocol-Version", version));

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.error().get("message").asText()).contains(version);
    assertThat(client.post(PING, "MCP-Protocol-Version", "2025-11-25").status()).isEqualTo(200);
  }

  @Test
  void tokensThatDoNotCountAreRefusedAlike() throws Exception {
    List<String> parts = List.of(admin.split("[.]", -1));
    String header = decoded(parts.get(0));
    String payload = decoded(parts.get(1));
    String expired =
        payload
            .replaceAll("\"exp\":\\d+", "\"exp\":" + (Instant.now().getEpochSecond() - 60))
            .replaceAll("\"iat\":\\d+", "\"iat\":" + (Instant.now().getEpochSecond() - 3600));
    String none = encoded("{\"alg\":\"none\",\"typ\":\"JWT\"}");

    for (String token :
        List.of(
            "nonsense",
            "rfl_0123456789abcdef0123456789abcdef0123456789a",
            "a.b.c",
            "..",
            parts.get(0) + "." + parts.get(1) + ".",
            parts.get(0) + "." + encoded(payload.replace("\"iss\"", "\"is\"")) + "." + parts.get(2),
            none + "." + parts.get(1) + ".",
            none + "." + parts.get(1) + "." + parts.get(2),
            signed(header, payload, "another secret that is longer than 32 characters"),
            signed(header, expired, TestGateway.JWT_SECRET),
            signed(header, payload.replaceAll("\"exp\":\\d+,?", ""), TestGateway.JWT_SECRET),
            signed(header, payload.replace("reflow-gateway", "other"), TestGateway.JWT_SECRET))) {
      Reply reply = CleanReply.check(gateway.client(token).post(PING));
      assertThat(reply.status()).as(token).isEqualTo(401);
      assertThat(reply.header("www-authenticate").orElse("")).startsWith("Bearer");
      assertThat(reply.body()).doesNotContain(token);
    }
    assertThat(gateway.client(signed(header, payload, TestGateway.JWT_SECRET)).post(PING).status())
        .as("a token signed as the gateway does counts, so the others failed for their faults")
        .isEqualTo(400);
  }

  private static String decoded(String part) {
    return new String(Base64.getUrlDecoder().decode(part), UTF_8);
  }

  private static String encoded(String text) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(UTF_8));
  }

  private static String signed(String header, String payload, String secret)
      throws GeneralSecurityException {
    String content = encoded(header) + "." + encoded(payload);
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(secret.getBytes(UTF_8), "HmacSHA256"));
    byte[] signature = mac.doFinal(content.getBytes(UTF_8));
    return content + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(signature);
  }

  @Test
  void aMissingTokenIsAskedFor() throws IOException {
    try (var raw = new RawClient(gateway.port())) {
      RawClient.Answer none = raw.ask("POST", "/mcp", PING, "Content-Type: application/json");
      assertThat(none.status()).isEqualTo(401);
      assertThat(none.header("www-authenticate")).isEqualTo("Bearer");

      for (String path : List.of("/mcp?token=", "/mcp?access_token=", "/mcp?api_key=")) {
        RawClient.Answer inQuery =
            raw.ask("POST", path + admin, PING, "Content-Type: application/json");
        assertThat(inQuery.status()).isIn(400, 401);
        assertThat(inQuery.body()).doesNotContain(admin);
      }
      RawClient.Answer basic =
          raw.ask(
              "POST",
              "/mcp",
              PING,
              "Content-Type: application/json",
              "Authorization: Basic " + encoded("admin@example.com:" + TestGateway.PASSWORD));
      assertThat(basic.status()).isEqualTo(401);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Host: evil.example.com",
        "Host: localhost.evil.example.com",
        "Host: localhost\r\nOrigin: http://evil.example.com",
        "Host: localhost\r\nOrigin: null",
        "Host: localhost\r\nOrigin: http://localhost.evil.example.com"
      })
  void foreignHostsAndOriginsAreRefused(String headers) throws IOException {
    try (var raw = new RawClient(gateway.port())) {
      RawClient.Answer answer =
          raw.ask(
              "POST",
              "/mcp",
              PING,
              headers,
              "Content-Type: application/json",
              "Authorization: Bearer " + admin);

      assertThat(answer.status()).isEqualTo(403);
      CleanReply.check(answer.body());
    }
  }

  @Test
  void aTokenWithoutTheScopeIsNotEnough() {
    String body = TestGateway.json(Map.of("name", "rest", "scopes", List.of("api")));
    String token =
        gateway
            .post("/api/auth/tokens", Optional.of(admin), body)
            .require(201)
            .json()
            .get("token")
            .asText();

    Reply reply = CleanReply.check(gateway.client(token).post(PING));

    assertThat(reply.status()).isEqualTo(403);
    assertThat(reply.error().get("message").asText()).contains("'mcp'");
  }
}
