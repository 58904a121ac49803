package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.Processes;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/// Promise 8, no process is left behind: whatever a target has started ends with it, and everything
/// ends with the gateway.
class Promise08IT {

  private static final Map<String, String> QUICK = Map.of("STDIO_STOP_GRACE", "200ms");

  private static List<Long> spawned(McpTestClient client, String target) {
    JsonNode pids = client.callTool(target + "_spawn", Map.of()).result().get("pids");
    return StreamSupport.stream(pids.spliterator(), false).map(JsonNode::asLong).toList();
  }

  private static long pid(McpTestClient client, String target) {
    return client.callTool(target + "_whoami", Map.of()).result().get("pid").asLong();
  }

  private static String target(TestGateway gateway, String name, String isolation) {
    Map<String, Object> fields =
        new HashMap<>(TestGateway.stdio(StdioServer.command("whoami", "spawn", "exit")));
    fields.put("isolation_boundary", isolation);
    return gateway.target(name, fields);
  }

  private static void awaitEnd(List<Long> pids) throws InterruptedException {
    UpstreamFixtures.await(() -> pids.stream().noneMatch(Processes::running));
  }

  @Test
  void everythingEndsWithTheGateway() throws InterruptedException {
    List<Long> pids = new ArrayList<>();
    try (TestGateway gateway = TestGateway.start(QUICK)) {
      target(gateway, "shared", "shared");
      target(gateway, "own", "per_user");
      String other = gateway.userToken("other@example.com", "admin");
      for (String token : List.of(gateway.adminToken(), other)) {
        McpTestClient client = gateway.client(token).initialize();
        for (String target : List.of("shared", "own")) {
          pids.add(pid(client, target));
          pids.addAll(spawned(client, target));
        }
      }
      assertThat(pids).hasSize(16).allMatch(Processes::running);
      assertThat(pids.stream().distinct()).as("one shared, two of their own").hasSize(15);
    }
    awaitEnd(pids);
    UpstreamFixtures.await(() -> threadsOfChildren() == 0);
  }

  private static long threadsOfChildren() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("stdio-"))
        .count();
  }

  @Test
  void aProcessEndsWithItsTargetAndWithItsSettings() throws InterruptedException {
    try (TestGateway gateway = TestGateway.start(QUICK)) {
      String id = target(gateway, "child", "shared");
      McpTestClient client = gateway.client(gateway.adminToken()).initialize();
      List<Long> first = new ArrayList<>(spawned(client, "child"));
      first.add(pid(client, "child"));

      gateway.admin("POST", "/api/targets/" + id + "/restart-instances").require(200);
      awaitEnd(first);

      List<Long> second = new ArrayList<>(spawned(client, "child"));
      second.add(pid(client, "child"));
      gateway
          .admin(
              "POST",
              "/api/targets/" + id + "/env/default",
              Map.of("key", "GREETING", "value", "new"))
          .require(201);
      assertThat(client.callTool("child_whoami", Map.of()).result().get("greeting").asText())
          .isEqualTo("new");
      awaitEnd(second);

      List<Long> third = new ArrayList<>(spawned(client, "child"));
      third.add(pid(client, "child"));
      gateway.admin("DELETE", "/api/targets/" + id).require(204);
      awaitEnd(third);
    }
  }

  @Test
  void whatADeadProcessLeavesEndsToo() throws InterruptedException {
    try (TestGateway gateway = TestGateway.start(QUICK)) {
      target(gateway, "child", "shared");
      McpTestClient client = gateway.client(gateway.adminToken()).initialize();
      List<Long> first = spawned(client, "child");

      assertThat(client.callTool("child_exit", Map.of()).error()).isNotNull();

      awaitEnd(first);
      UpstreamFixtures.await(
          () -> client.callTool("child_whoami", Map.of()).answer().has("result"));
    }
  }

  @Test
  void sessionsLeaveNothingBehind() {
    try (TestGateway gateway = TestGateway.start(QUICK)) {
      String id = target(gateway, "child", "shared");
      assertThat(pid(gateway.client(gateway.adminToken()).initialize(), "child")).isPositive();
      long descriptors = Processes.openDescriptors();

      for (int i = 0; i < 100; i++) {
        McpTestClient client = gateway.client(gateway.adminToken()).initialize();
        assertThat(pid(client, "child")).isPositive();
        assertThat(client.delete().status()).isEqualTo(204);
      }

      assertThat(gateway.admin("GET", "/api/targets/" + id + "/instances").json()).hasSize(1);
      assertThat(Processes.openDescriptors()).isLessThan(descriptors + 10);
    }
  }
}
