package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Targets that serve one user hear when the roots of that user's client change.
class RootChangesIT {

  private static final Map<String, ?> ANNOUNCING = Map.of("roots", Map.of("listChanged", true));
  private static final String METHOD = "notifications/roots/list_changed";

  private FakeMcpServer server;
  private FakeMcpServer older;
  private TestGateway gateway;

  @BeforeEach
  void start() {
    server = new FakeMcpServer().list("notified");
    older = new FakeMcpServer().list("notified");
    gateway = TestGateway.start();
  }

  @AfterEach
  void stop() {
    gateway.close();
    server.close();
    older.close();
  }

  private static Map<String, ?> perUser(Map<String, ?> fields) {
    Map<String, Object> all = new HashMap<>(fields);
    all.put("isolation_boundary", "per_user");
    return all;
  }

  private static Map<String, ?> sse(URI url) {
    return Map.of("transport_type", "sse", "url", url.toString());
  }

  private static void changeRoots(McpTestClient client) {
    assertThat(client.post("{\"jsonrpc\":\"2.0\",\"method\":\"" + METHOD + "\"}").status())
        .isEqualTo(202);
  }

  private static String notified(McpTestClient client, String target) {
    return client.callTool(target + "_notified", Map.of()).result().get("methods").asText();
  }

  @Test
  void overEachTransportTheUsersOwnTargetHears() throws InterruptedException {
    gateway.target("http", perUser(TestGateway.http(server.url())));
    gateway.target("sse", perUser(sse(older.sseUrl())));
    gateway.target("stdio", perUser(TestGateway.stdio(StdioServer.command("notified"))));
    McpTestClient client =
        gateway.client(gateway.adminToken()).initialize("2025-11-25", ANNOUNCING);
    for (String target : List.of("http", "sse", "stdio")) {
      assertThat(notified(client, target)).doesNotContain(METHOD);
    }

    changeRoots(client);

    for (String target : List.of("http", "sse", "stdio")) {
      UpstreamFixtures.await(() -> notified(client, target).contains(METHOD));
    }
    assertThat(initialized(server)).contains("\"roots\":{\"listChanged\":true}");
    assertThat(initialized(older)).contains("\"roots\":{\"listChanged\":true}");
  }

  @Test
  void anotherUsersTargetAndASharedOneDoNot() throws InterruptedException {
    FakeMcpServer shared = older;
    gateway.target("own", perUser(TestGateway.http(server.url())));
    gateway.target("shared", shared);
    McpTestClient client =
        gateway.client(gateway.adminToken()).initialize("2025-11-25", ANNOUNCING);
    McpTestClient other =
        gateway
            .client(gateway.userToken("bob@example.com", "admin"))
            .initialize("2025-11-25", ANNOUNCING);
    assertThat(notified(client, "shared")).doesNotContain(METHOD);
    notified(client, "own");
    notified(other, "own");

    changeRoots(client);

    UpstreamFixtures.await(() -> notified(client, "own").contains(METHOD));
    assertThat(server.received()).filteredOn(each -> each.body().contains(METHOD)).hasSize(1);
    assertThat(notified(client, "shared")).doesNotContain(METHOD);
    assertThat(initialized(shared)).contains("\"roots\":{}");
  }

  private static String initialized(FakeMcpServer server) {
    return server.received().stream()
        .map(FakeMcpServer.Received::body)
        .filter(body -> body.contains("\"method\":\"initialize\""))
        .findFirst()
        .orElseThrow();
  }
}
