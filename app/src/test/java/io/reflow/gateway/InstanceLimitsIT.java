package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.ScriptServer;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What becomes of instances that use more than they may, and of the folders of those that are no
/// more: as callers and admins see it.
class InstanceLimitsIT {

  private static final String HOLD = "(head -c 40000000 /dev/zero; sleep 1000) | tail";

  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway =
        TestGateway.start(
            Map.of(
                "STDIO_LIMITS_HOME_SIZE",
                "1MiB",
                "STDIO_LIMITS_MEMORY",
                "64MiB",
                "STDIO_HOME_RETENTION",
                "0s"));
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static String target(String name, String isolation) {
    Map<String, Object> fields = new HashMap<>(TestGateway.stdio(ScriptServer.command()));
    fields.put("isolation_boundary", isolation);
    return gateway.target(name, fields);
  }

  private static String run(McpTestClient client, String target, String script) {
    return ScriptServer.said(
        client
            .callTool(target + "_run", Map.of("script", ScriptServer.encoded(script)))
            .result()
            .at("/content/0/text")
            .asText());
  }

  private static String failure(McpTestClient client, String target, String script) {
    return client
        .callTool(target + "_run", Map.of("script", ScriptServer.encoded(script)))
        .answer()
        .toString();
  }

  @Test
  void anInstanceThatFillsItsFolderIsStoppedUntilSomebodyMakesRoom()
      throws IOException, InterruptedException {
    String id = target("filler", "shared");
    McpTestClient client = gateway.client(gateway.adminToken()).initialize();
    Path home = Path.of(run(client, "filler", "pwd"));

    assertThat(failure(client, "filler", "head -c 600000 /dev/zero > a; cp a b; sleep 1000"))
        .contains("was stopped: its folder holds more than stdio.limits.home-size allows");
    // At first it may be too early for another try.
    UpstreamFixtures.await(() ->
        failure(client, "filler", ":")
            .contains(
                "can't be started: its folder holds more than stdio.limits.home-size allows"));
    assertThat(gateway.admin("GET", "/api/targets/" + id + "/instances").require(200).body())
        .contains("stdio.limits.home-size");

    Files.delete(home.resolve("b"));
    gateway.admin("POST", "/api/targets/" + id + "/restart-instances").require(200);
    assertThat(run(client, "filler", "ls")).isEqualTo("a");
  }

  @Test
  void anInstanceWhoseProcessesHoldTooMuchTogetherIsStopped() {
    String _ = target("hungry", "shared");
    McpTestClient client = gateway.client(gateway.adminToken()).initialize();
    assertThat(run(client, "hungry", "echo $((6*7))")).isEqualTo("42");

    assertThat(failure(client, "hungry", "H & H & wait".replace("H", HOLD)))
        .contains("was stopped: its processes hold more memory than stdio.limits.memory allows");
  }

  @Test
  void theFoldersOfDeletedTargetsAndUsersAreRemoved() throws InterruptedException {
    String id = target("passing", "per_user");
    McpTestClient admin = gateway.client(gateway.adminToken()).initialize();
    String token = gateway.userToken("passing@example.com", "developer");
    String _ = gateway.allow(id, token);
    Path first = Path.of(run(admin, "passing", "echo x > note; pwd"));
    Path second = Path.of(run(gateway.client(token).initialize(), "passing", "echo x > note; pwd"));
    assertThat(second).isNotEqualTo(first);

    gateway.admin("DELETE", "/api/users/" + gateway.userId(token)).require(204);
    UpstreamFixtures.await(() -> Files.notExists(second));
    assertThat(first.resolve("note")).exists();

    gateway.admin("DELETE", "/api/targets/" + id).require(204);
    UpstreamFixtures.await(() -> Files.notExists(first.getParent()));
  }

  @Test
  void theFoldersOfRolesAndGroupsThatNobodyHasAnyMoreAreRemoved() throws InterruptedException {
    String byRole = target("by-role", "per_role");
    String byGroup = target("by-group", "per_group");
    String token = gateway.userToken("moving@example.com", "passer", "red", "blue");
    String _ = gateway.allow(byRole, token);
    String _ = gateway.allow(byGroup, token);
    McpTestClient client = gateway.client(token).initialize();
    Path ofRole = Path.of(run(client, "by-role", "echo x > note; pwd"));
    Path ofGroups = Path.of(run(client, "by-group", "echo x > note; pwd"));
    McpTestClient admin = gateway.client(gateway.adminToken()).initialize();
    Path ofAdmins = Path.of(run(admin, "by-role", "echo x > note; pwd"));

    gateway
        .admin(
            "PUT",
            "/api/users/" + gateway.userId(token),
            Map.of("role", "resident", "groups", List.of("red")))
        .require(200);
    // Or else their processes, in use by nobody, would stay for a while.
    gateway.admin("POST", "/api/targets/" + byRole + "/restart-instances").require(200);
    gateway.admin("POST", "/api/targets/" + byGroup + "/restart-instances").require(200);

    UpstreamFixtures.await(() -> Files.notExists(ofRole) && Files.notExists(ofGroups));
    assertThat(ofAdmins.resolve("note")).exists();
  }
}
