package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.GatewayProcess;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.StatelessClient;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A stateful child process remembers one user's calls: wherever those without a session arrive,
/// they go to the same process.
class StatefulReplicasIT {

  private static final Map<String, String> SETTINGS =
      Map.of(
          "REPLICA_ADDRESS", "127.0.0.1",
          "REPLICA_HOST", "127.0.0.1",
          "REPLICA_PORT", "0",
          "REPLICA_DEAD_AFTER", "5s");

  private static TestGateway one;
  private static TestGateway two;
  private static String target;

  @BeforeAll
  static void start() throws InterruptedException {
    one = TestGateway.start(SETTINGS);
    List<String> command = StdioServer.command("whoami");
    Map<String, Object> fields = new HashMap<>(TestGateway.stdio(command));
    fields.put("statefulness", "stateful");
    fields.put("isolation_boundary", "per_user");
    target = one.target("memory", fields);
    two = one.replica();
    UpstreamFixtures.await(() -> two.admin("GET", "/api/targets/" + target).status() == 200);
  }

  @AfterAll
  static void stop() {
    two.close();
    one.close();
  }

  private static String user(String name) throws InterruptedException {
    String login = one.userToken(name + "@example.com", "user");
    one.allow(target, login);
    UpstreamFixtures.await(() -> two.get("/api/auth/me", login).status() == 200);
    McpTestClient client = two.client(login).initialize();
    UpstreamFixtures.await(() -> client.toolNames().contains("memory_whoami"));
    assertThat(client.delete().status()).isEqualTo(204);
    return login;
  }

  private static Reply call(McpTestClient http) {
    return new StatelessClient(http).callTool("memory_whoami", Map.of());
  }

  private static long pid(McpTestClient http) {
    JsonNode result = call(http).result();
    return result.get("pid").asLong();
  }

  @Test
  void oneProcessServesAUserWhereverTheCallsArrive() throws InterruptedException {
    String login = user("anywhere");
    Set<Long> pids =
        Stream.of(one, two, one, two)
            .parallel()
            .map(gateway -> pid(gateway.client(login)))
            .collect(Collectors.toSet());
    assertThat(pids).hasSize(1);

    // Each session has one of its own, as before.
    assertThat(
            one.client(login)
                .initialize()
                .callTool("memory_whoami", Map.of())
                .result()
                .get("pid")
                .asLong())
        .isNotIn(pids);
    assertThat(pid(one.client(user("another")))).isNotIn(pids);
    assertThat(pid(two.client(login))).isIn(pids);
  }

  @Test
  void theOthersTakeOverWhenTheHolderDies(@TempDir Path folder) throws InterruptedException {
    String login = user("survivor");
    try (var third = new GatewayProcess(one, folder, SETTINGS)) {
      long before = pid(third.client(login));
      assertThat(pid(one.client(login))).isEqualTo(before);
      assertThat(pid(two.client(login))).isEqualTo(before);

      third.kill();

      long after = pid(one.client(login));
      assertThat(after).isNotEqualTo(before);
      assertThat(pid(two.client(login))).isEqualTo(after);
    }
  }

  @Test
  void theOthersTakeOverAtOnceWhenTheHolderStops(@TempDir Path folder) throws InterruptedException {
    String login = user("mover");
    try (var third = new GatewayProcess(one, folder, SETTINGS)) {
      long before = pid(third.client(login));
      assertThat(pid(one.client(login))).isEqualTo(before);

      third.terminate();

      assertThat(pid(one.client(login))).isNotEqualTo(before);
    }
  }

  @Test
  void aHolderWithoutAnAddressIsNamed(@TempDir Path folder) throws InterruptedException {
    String login = user("stuck");
    Map<String, String> hidden = new HashMap<>(SETTINGS);
    hidden.remove("REPLICA_ADDRESS");
    try (var third = new GatewayProcess(one, folder, hidden)) {
      long pid = pid(third.client(login));

      Reply reply = call(one.client(login));

      assertThat(reply.error().get("message").asText()).contains("memory", "replica.address");
      assertThat(pid(third.client(login))).isEqualTo(pid);
    }
    UpstreamFixtures.await(() -> call(one.client(login)).answer().has("result"));
  }
}
