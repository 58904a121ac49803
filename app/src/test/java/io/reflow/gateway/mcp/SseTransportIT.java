package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.EventClient;
import io.reflow.gateway.testing.EventClient.Event;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.SdkClient;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The transport of 2024-11-05: one stream, and messages that are posted elsewhere.
class SseTransportIT {

  private static final String INITIALIZE =
      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
          + "\"2024-11-05\",\"capabilities\":{},\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}}";

  private static FakeMcpServer server;
  private static TestGateway gateway;
  private static String admin;

  @BeforeAll
  static void start() {
    server = new FakeMcpServer().list("echo", "progress");
    gateway = TestGateway.start();
    gateway.target("fake", server);
    admin = gateway.adminToken();
  }

  @AfterAll
  static void stop() {
    gateway.close();
    server.close();
  }

  @Test
  void servesAWholeSessionOverOneStream() throws InterruptedException {
    for (String path : List.of("/sse", "/mcp", "/sse/fake")) {
      try (EventClient stream = EventClient.get(gateway.uri(path), admin)) {
        String messages = endpoint(stream);
        assertThat(messages).startsWith("/messages?sessionId=");

        assertThat(post(messages, INITIALIZE)).isEqualTo(202);
        JsonNode opened = stream.answer();
        assertThat(opened.at("/result/protocolVersion").asText()).isEqualTo("2024-11-05");
        assertThat(post(messages, notification("notifications/initialized"))).isEqualTo(202);

        String tool = path.equals("/sse/fake") ? "progress" : "fake_progress";
        assertThat(post(messages, call(2, tool))).isEqualTo(202);
        Event progress = stream.next(event -> event.method().equals("notifications/progress"));
        assertThat(progress.id()).isEmpty();
        assertThat(progress.json().at("/params/progressToken").asText()).isEqualTo("mine");
        JsonNode answer = stream.answer();
        assertThat(answer.get("id").asInt()).isEqualTo(2);
        assertThat(answer.has("result")).isTrue();
      }
    }
  }

  @Test
  void theSessionEndsWithItsConnection() throws InterruptedException {
    String messages;
    try (EventClient stream = EventClient.get(gateway.uri("/sse"), admin)) {
      messages = endpoint(stream);
      assertThat(post(messages, INITIALIZE)).isEqualTo(202);
      assertThat(stream.answer().has("result")).isTrue();
    }

    UpstreamFixtures.await(() -> post(messages, call(2, "fake_echo")) == 404);
  }

  @Test
  void refusesWhatIsNotTheCallersOwn() throws InterruptedException {
    String stranger = gateway.userToken("stranger@example.com", "admin");
    try (EventClient stream = EventClient.get(gateway.uri("/sse"), admin)) {
      String messages = endpoint(stream);

      assertThat(send(messages, stranger, INITIALIZE)).isEqualTo(404);
      assertThat(send(messages, "nonsense", INITIALIZE)).isEqualTo(401);
      assertThat(post("/messages?sessionId=unknown", INITIALIZE)).isEqualTo(404);
      assertThat(post("/messages", INITIALIZE)).isEqualTo(400);
      assertThat(stream.silent()).isTrue();
    }
    try (EventClient unseen = EventClient.get(gateway.uri("/sse/nowhere"), admin)) {
      assertThat(unseen.status()).isEqualTo(404);
    }
  }

  @Test
  void whatIsWrongIsToldOnTheStream() throws InterruptedException {
    try (EventClient stream = EventClient.get(gateway.uri("/sse"), admin)) {
      String messages = endpoint(stream);

      assertThat(post(messages, call(5, "fake_echo"))).isEqualTo(202);
      JsonNode early = stream.answer();
      assertThat(early.get("id").asInt()).isEqualTo(5);
      assertThat(early.at("/error/code").asInt()).isEqualTo(-32600);

      assertThat(post(messages, "{\"jsonrpc\":\"2.0\"")).isEqualTo(400);
    }
  }

  @Test
  void servesTheOfficialClient() {
    try (SdkClient client = SdkClient.sse(gateway.uri("/sse"), admin)) {
      assertThat(client.sdk().listTools().tools())
          .extracting(tool -> tool.name())
          .containsExactly("fake_echo", "fake_progress");
    }
  }

  private static String endpoint(EventClient stream) throws InterruptedException {
    assertThat(stream.status()).isEqualTo(200);
    Event first = stream.next();
    assertThat(first.name()).isEqualTo("endpoint");
    return first.data();
  }

  private static int post(String path, String body) {
    return send(path, admin, body);
  }

  private static int send(String path, String token, String body) {
    return gateway.post(path, Optional.of(token), body).status();
  }

  private static String notification(String method) {
    return "{\"jsonrpc\":\"2.0\",\"method\":\"%s\"}".formatted(method);
  }

  private static String call(int id, String tool) {
    return ("{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\",\"params\":{\"name\":\"%s\","
            + "\"arguments\":{},\"_meta\":{\"progressToken\":\"mine\"}}}")
        .formatted(id, tool);
  }
}
