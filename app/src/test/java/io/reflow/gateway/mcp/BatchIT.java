package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.TestGateway;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Batches, which one revision has.
class BatchIT {

  private static final String PING = "{\"jsonrpc\":\"2.0\",\"id\":\"p\",\"method\":\"ping\"}";
  private static final String CALL =
      "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{\"name\":\"fake_echo\","
          + "\"arguments\":{\"x\":1.0}}}";
  private static final String NOTIFICATION =
      "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}";

  private static FakeMcpServer server;
  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    server = new FakeMcpServer().list("echo");
    gateway = TestGateway.start();
    gateway.target("fake", server);
  }

  @AfterAll
  static void stop() {
    gateway.close();
    server.close();
  }

  private static McpTestClient client(String version) {
    return gateway.client(gateway.adminToken()).initialize(version);
  }

  private static String batch(String... messages) {
    return "[" + String.join(",", messages) + "]";
  }

  @Test
  void eachMessageIsAnsweredByItself() throws InterruptedException {
    Reply reply =
        client("2025-03-26")
            .post(batch(PING, NOTIFICATION, CALL, "{\"jsonrpc\":\"2.0\",\"id\":null}"));

    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.header("content-type")).hasValue("text/event-stream");
    assertThat(reply.messages()).hasSize(3);
    assertThat(find(reply.messages(), "\"p\"").get("result")).isEmpty();
    assertThat(find(reply.messages(), "7").at("/result/echo/x").toString()).isEqualTo("1.0");
    assertThat(find(reply.messages(), "null").at("/error/code").asInt()).isEqualTo(-32600);
    assertThat(gateway.row("method=tools/call", row -> true).get("outcome").asText())
        .isEqualTo("allowed");
  }

  @Test
  void aClientThatTakesNoStreamsGetsAnArray() {
    Reply reply =
        client("2025-03-26").post(batch(PING, NOTIFICATION, CALL), "Accept", "application/json");

    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.answer().isArray()).isTrue();
    assertThat(reply.answer()).hasSize(2);
    assertThat(reply.answer().get(0).get("id").asText()).isEqualTo("p");
    assertThat(reply.answer().get(1).get("id").asInt()).isEqualTo(7);
  }

  @Test
  void whatNeedsNoAnswerHasNone() {
    Reply reply =
        client("2025-03-26")
            .post(batch(NOTIFICATION, "{\"jsonrpc\":\"2.0\",\"id\":\"g-1\",\"result\":{}}"));

    assertThat(reply.status()).isEqualTo(202);
    assertThat(reply.body()).isEmpty();
  }

  @Test
  void refusesBatchesThatCannotBe() {
    for (String version : List.of("2024-11-05", "2025-06-18", "2025-11-25")) {
      Reply reply = client(version).post(batch(PING));
      assertThat(reply.status()).isEqualTo(400);
      assertThat(reply.error().get("code").asInt()).isEqualTo(-32600);
    }
    McpTestClient batching = client("2025-03-26");
    for (String body : List.of("[]", "[1]", batch("[" + PING + "]"))) {
      assertThat(batching.post(body).error().get("code").asInt()).isEqualTo(-32600);
    }
    Reply initialize =
        batching.post(
            batch(
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":"
                    + "{\"protocolVersion\":\"2025-03-26\",\"capabilities\":{},\"clientInfo\":{}}}"));
    assertThat(initialize.error().get("code").asInt()).isEqualTo(-32600);
    Reply homeless = gateway.client(gateway.adminToken()).post(batch(PING));
    assertThat(homeless.status()).isEqualTo(400);
  }

  private static JsonNode find(List<JsonNode> messages, String id) {
    return messages.stream()
        .filter(message -> message.get("id").toString().equals(id))
        .findFirst()
        .orElseThrow();
  }
}
