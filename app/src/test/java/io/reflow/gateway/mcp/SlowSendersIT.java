package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.CleanReply;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.RawClient;
import io.reflow.gateway.testing.TestGateway;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Promise 9 for clients that send slowly or not at all: they are cut off in time, and others do
/// not notice them.
class SlowSendersIT {

  private static FakeMcpServer web;
  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    web = new FakeMcpServer();
    gateway = TestGateway.start(Map.of("SERVER_HEADER_TIMEOUT", "4s", "SERVER_BODY_TIMEOUT", "4s"));
    gateway.target("web", web);
  }

  @AfterAll
  static void stop() {
    gateway.close();
    web.close();
  }

  @Test
  void slowSendersAreCutOffWhileOthersWork() throws IOException {
    McpTestClient healthy = gateway.client(gateway.adminToken()).initialize();
    List<RawClient> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 20; i++) {
        slow.add(new RawClient(gateway.port()));
        slow.add(new RawClient(gateway.port()).send("POST /mcp HTTP/1.1\r\nHost: loc"));
        slow.add(new RawClient(gateway.port()).send(head(healthy) + "{\"jsonrpc\":"));
      }
      for (int i = 0; i < 20; i++) {
        assertThat(healthy.callTool("web_echo", Map.of()).result()).isNotNull();
      }
      for (int i = 0; i < slow.size(); i += 3) {
        assertThat(slow.get(i).rest()).as("silence").isEmpty();
        assertCutOff(slow.get(i + 1));
        assertCutOff(slow.get(i + 2));
      }
    } finally {
      for (RawClient client : slow) {
        client.close();
      }
    }
    assertThat(healthy.callTool("web_echo", Map.of()).result()).isNotNull();
  }

  private static String head(McpTestClient client) {
    return """
    POST /mcp HTTP/1.1\r
    Host: localhost\r
    Authorization: Bearer %s\r
    Mcp-Session-Id: %s\r
    Content-Type: application/json\r
    Content-Length: 1000\r
    \r
    """
        .formatted(gateway.adminToken(), client.session().orElseThrow());
  }

  private static void assertCutOff(RawClient client) throws IOException {
    String answer = client.rest();
    assertThat(answer).startsWith("HTTP/1.1 408 ");
    CleanReply.check(answer);
  }
}
