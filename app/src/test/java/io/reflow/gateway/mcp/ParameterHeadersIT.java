package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.FakeMcpServer.Received;
import io.reflow.gateway.testing.FakeStatelessServer;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.StatelessClient;
import io.reflow.gateway.testing.TestGateway;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Headers that clients send for the parameters of a tool.
class ParameterHeadersIT {

  private static FakeStatelessServer modern;
  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    modern = new FakeStatelessServer();
    modern.answer(
        "tools/list",
        """
        {"resultType":"complete","tools":[{"name":"echo","inputSchema":\
        {"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}}]}\
        """);
    gateway = TestGateway.start();
    gateway.target("modern", TestGateway.http(modern.url()));
  }

  @AfterAll
  static void stop() {
    gateway.close();
    modern.close();
  }

  private static Reply call(String... headers) {
    Map<String, ?> params = Map.of("name", "modern_echo", "arguments", Map.of("region", "eu"));
    var http = gateway.client(gateway.adminToken());
    List<String> all = new ArrayList<>(List.of(StatelessClient.headers("tools/call", params)));
    all.addAll(List.of("Mcp-Param-Region", "=?base64?ZXU=?="));
    all.addAll(List.of(headers));
    return http.send(
        "POST",
        BodyPublishers.ofString(new StatelessClient(http).body(1, "tools/call", params)),
        all.toArray(String[]::new));
  }

  @Test
  void whatTheToolDoesNotNameGoesAlongAsItCame() {
    assertThat(call("mcp-param-tenant", "=?base64?YWNtZQ==?=", "X-Other", "no").status())
        .isEqualTo(200);

    Received received = modern.received("tools/call").getLast();
    assertThat(received.header("mcp-param-tenant")).hasValue("=?base64?YWNtZQ==?=");
    assertThat(received.header("mcp-param-region")).hasValue("eu");
    assertThat(received.header("x-other")).isEmpty();
  }

  @Test
  void thereMustNotBeTooManyOfThem() {
    int before = modern.received("tools/call").size();
    List<String> many = new ArrayList<>();
    for (int i = 0; i < 33; i++) {
      many.addAll(List.of("Mcp-Param-Number-" + i, "x"));
    }

    for (Reply reply :
        List.of(call(many.toArray(String[]::new)), call("Mcp-Param-Long", "x".repeat(9 << 10)))) {
      assertThat(reply.status()).as(reply.body()).isEqualTo(400);
      assertThat(reply.error().get("code").asInt()).isEqualTo(-32020);
    }
    assertThat(modern.received("tools/call")).hasSize(before);
    assertThat(call(many.subList(0, 64).toArray(String[]::new)).status()).isEqualTo(200);
  }
}
