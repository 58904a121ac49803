package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.RunningTime;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Promise 6, one bad target hurts nobody else: the others answer at their own speed, and what is
/// missing from a list is named in it.
class Promise06IT {

  /// Far below what the bad targets are given.
  private static final Duration SOON = Duration.ofSeconds(4);

  private static FakeMcpServer web;
  private static ServerSocket hole;
  private static TestGateway gateway;
  private static String mute;
  private static RunningTime time;

  @BeforeAll
  static void start() throws IOException {
    time = RunningTime.start();
    web = new FakeMcpServer();
    hole = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    gateway =
        TestGateway.start(
            Map.of(
                "MCP_TIMEOUT_LIST", "6s",
                "MCP_TIMEOUT_INITIALIZE", "6s",
                "STDIO_STOP_GRACE", "100ms"));
    gateway.target("healthy", web);
    mute = gateway.target("mute", List.of("sleep", "1000"));
    gateway.target("hole", TestGateway.http(URI.create("http://127.0.0.1:" + hole.getLocalPort())));
    gateway.target("gone", List.of("no-such-program"));
  }

  @AfterAll
  static void stop() throws IOException {
    gateway.close();
    hole.close();
    web.close();
    time.close();
  }

  private static Duration took(Runnable what) {
    Duration start = time.now();
    what.run();
    return time.since(start);
  }

  @Test
  void initializeWaitsForNobody() {
    assertThat(took(() -> gateway.client(gateway.adminToken()).initialize())).isLessThan(SOON);
  }

  @Test
  void aListNamesWhatIsMissing() throws ExecutionException, InterruptedException {
    McpTestClient client = gateway.client(gateway.adminToken()).initialize();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<JsonNode> list = threads.submit(() -> client.request("tools/list", Map.of()).result());
      do {
        assertThat(took(() -> client.callTool("healthy_echo", Map.of()).result())).isLessThan(SOON);
      } while (!list.isDone());

      JsonNode missing = list.get().path("_meta").path("com.reflow/unavailable");
      assertThat(list.get().get("tools")).hasSize(1);
      assertThat(missing)
          .extracting(entry -> entry.get("target").asText())
          .containsExactly("gone", "hole", "mute");
      assertThat(missing)
          .allSatisfy(entry ->
              assertThat(entry.get("reason").asText()).contains(entry.get("target").asText()));
    }
  }

  @Test
  void aTargetThatIsRepairedIsBack() throws InterruptedException {
    McpTestClient client = gateway.client(gateway.adminToken()).initialize();
    Map<String, Object> fields = new HashMap<>(TestGateway.http(web.url()));
    fields.put("name", "mute");

    gateway.admin("PUT", "/api/targets/" + mute, fields).require(200);

    UpstreamFixtures.await(() -> client.toolNames().contains("mute_echo"));
    assertThat(client.callTool("mute_echo", Map.of()).result()).isNotNull();
    gateway
        .admin(
            "PUT",
            "/api/targets/" + mute,
            Map.of(
                "name",
                "mute",
                "transport_type",
                "stdio",
                "command",
                "sleep",
                "args",
                List.of("1000")))
        .require(200);
  }
}
