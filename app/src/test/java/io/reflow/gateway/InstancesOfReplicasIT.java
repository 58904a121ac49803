package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.Processes;
import io.reflow.gateway.testing.ShellServer;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Instances run on each replica that is asked; what an admin sees and does is about all of them.
class InstancesOfReplicasIT {

  private static TestGateway one;
  private static TestGateway two;

  @BeforeAll
  static void start() {
    one =
        TestGateway.start(
            Map.of(
                "REPLICA_ADDRESS", "127.0.0.1", "REPLICA_HOST", "127.0.0.1", "REPLICA_PORT", "0"));
    two = one.replica();
  }

  @AfterAll
  static void stop() {
    two.close();
    one.close();
  }

  private static JsonNode whoami(TestGateway gateway, String target) {
    return gateway
        .client(one.adminToken())
        .initialize()
        .callTool(target + "_whoami", Map.of())
        .result();
  }

  /// A target that both know.
  private static String target(String name) throws InterruptedException {
    String id = one.target(name, TestGateway.stdio(ShellServer.command()));
    UpstreamFixtures.await(() -> two.get("/api/targets/" + id, one.adminToken()).status() == 200);
    return id;
  }

  private static List<String> pids(TestGateway gateway, String id) {
    return gateway
        .get("/api/targets/" + id + "/instances", one.adminToken())
        .require(200)
        .json()
        .findValuesAsText("pid");
  }

  @Test
  void eachShowsThoseOfAll() throws InterruptedException {
    String id = target("shown");
    String first = whoami(one, "shown").get("pid").asText();
    String second = whoami(two, "shown").get("pid").asText();

    UpstreamFixtures.await(() -> pids(one, id).size() == 2);
    assertThat(pids(one, id)).containsExactlyInAnyOrder(first, second);
    UpstreamFixtures.await(() -> pids(two, id).size() == 2);
    assertThat(pids(two, id)).containsExactlyInAnyOrder(first, second);
    JsonNode all = one.admin("GET", "/api/targets/" + id + "/instances").json();
    assertThat(all.findValuesAsText("replica")).doesNotHaveDuplicates();
  }

  @Test
  void aRestartIsOneOfAll() throws InterruptedException {
    String id = target("restarted");
    long first = whoami(one, "restarted").get("pid").asLong();
    long second = whoami(two, "restarted").get("pid").asLong();
    UpstreamFixtures.await(() -> pids(one, id).size() == 2);

    JsonNode restarted =
        one.admin("POST", "/api/targets/" + id + "/restart-instances").require(200).json();

    assertThat(restarted.get("restarted").asInt()).isEqualTo(2);
    UpstreamFixtures.await(() -> !Processes.running(first) && !Processes.running(second));
    assertThat(whoami(two, "restarted").get("pid").asLong()).isNotEqualTo(second);
  }

  @Test
  void aChangedCredentialReplacesThoseOfAll() throws InterruptedException {
    String id = target("changed");
    long first = whoami(one, "changed").get("pid").asLong();
    long second = whoami(two, "changed").get("pid").asLong();

    one.admin(
            "POST",
            "/api/targets/" + id + "/env/default",
            Map.of("key", "SECRET", "value", "fresh"))
        .require(201);

    assertThat(whoami(one, "changed").get("secret").asText()).isEqualTo("fresh");
    UpstreamFixtures.await(() -> whoami(two, "changed").get("secret").asText().equals("fresh"));
    UpstreamFixtures.await(() -> !Processes.running(first) && !Processes.running(second));
  }
}
