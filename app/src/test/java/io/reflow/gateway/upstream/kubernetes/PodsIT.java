package io.reflow.gateway.upstream.kubernetes;

import static io.reflow.gateway.testing.UpstreamFixtures.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.EventClient;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.GatewayProcess;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.TestCluster;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.operator.testing.ApiServer;
import io.reflow.operator.testing.Kind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

class PodsIT {

  private static final String HELLO = "{\"text\":\"hello\"}";

  private FakeMcpServer server;
  private TestCluster cluster;
  private TestGateway gateway;

  @BeforeEach
  void start() {
    server = new FakeMcpServer();
    cluster = new TestCluster(server);
    gateway = TestGateway.start(cluster.settings());
  }

  @AfterEach
  void stop() throws InterruptedException {
    gateway.close();
    cluster.close();
    server.close();
  }

  private String target(Map<String, ?> fields) {
    Map<String, Object> all = new HashMap<>(TestCluster.target());
    all.putAll(fields);
    return gateway.target("jira", all);
  }

  private static String call(McpTestClient client) {
    return client.callTool("jira_echo", Map.of("text", "hello")).answer().toString();
  }

  private McpTestClient admin() {
    return gateway.client(gateway.adminToken()).initialize();
  }

  @Test
  void runsATargetAsAPod() {
    String _ = target(Map.of());

    String answer = call(admin());

    assertThat(answer).contains(HELLO);
    assertThat(cluster.instances()).hasSize(1);
    assertThat(cluster.pods()).hasSize(1);
    assertThat(cluster.secrets()).isEmpty();
  }

  @Test
  void keepsCredentialsInASecretThatGoesWithTheInstance() {
    String id = target(Map.of());
    gateway
        .admin(
            "POST", "/api/targets/" + id + "/env/default", Map.of("key", "JIRA", "value", "s3cr3t"))
        .require(201);

    String _ = call(admin());

    ObjectNode instance = cluster.instances().getFirst();
    ObjectNode secret = cluster.secrets().getFirst();
    assertThat(instance.toString()).doesNotContain("s3cr3t");
    assertThat(secret.at("/metadata/name").asString())
        .isEqualTo(instance.at("/spec/secretRef").asString());
    assertThat(secret.at("/metadata/ownerReferences/0/uid").asString())
        .isEqualTo(instance.at("/metadata/uid").asString());
    assertThat(secret.at("/data/JIRA").asString()).isEqualTo("czNjcjN0");
  }

  @Test
  void aChangedCredentialReplacesThePod() {
    String id = target(Map.of());
    String env = "/api/targets/" + id + "/env/default";
    gateway.admin("POST", env, Map.of("key", "JIRA", "value", "one")).require(201);
    McpTestClient client = admin();
    String _ = call(client);
    String before = cluster.pods().getFirst().at("/metadata/uid").asString();
    gateway.admin("POST", env, Map.of("key", "JIRA", "value", "two")).require(201);

    String answer = call(client);

    assertThat(answer).contains(HELLO);
    assertThat(cluster.pods().getFirst().at("/metadata/uid").asString()).isNotEqualTo(before);
  }

  @Test
  void saysWhyAPodCantRun() {
    String _ = target(Map.of("image", "docker.io/other/image:1"));

    String answer = call(admin());

    assertThat(answer).contains("docker.io/other/image:1");
  }

  @Test
  void removesTheInstancesOfADeletedTarget() throws InterruptedException {
    String id = target(Map.of());
    String _ = call(admin());

    gateway.admin("DELETE", "/api/targets/" + id).require(204);

    await(() -> cluster.instances().isEmpty() && cluster.pods().isEmpty());
  }

  @Test
  void givesEachUserAPodWithTheirOwnCredentials() {
    String id = target(Map.of("isolation_boundary", "per_user"));
    for (String name : List.of("ann", "bob")) {
      String token = gateway.userToken(name + "@example.com", "dev");
      String _ = gateway.allow(id, token);
      gateway
          .admin(
              "POST",
              "/api/targets/" + id + "/env/user/" + gateway.userId(token),
              Map.of("key", "JIRA", "value", name))
          .require(201);

      String answer = call(gateway.client(token).initialize());

      assertThat(answer).contains(HELLO);
    }

    assertThat(cluster.pods()).hasSize(2);
    assertThat(cluster.secrets())
        .extracting(secret -> secret.at("/data/JIRA").asString())
        .containsExactlyInAnyOrder("YW5u", "Ym9i");
  }

  @Test
  void neverReadsSecrets() {
    Set<String> asked = ConcurrentHashMap.newKeySet();
    cluster
        .api()
        .decide(request -> {
          if (request.token().equals("gateway")) {
            asked.add(request.method() + " " + request.kind());
          }
          return ApiServer.Fate.DONE;
        });
    String id = target(Map.of());
    String env = "/api/targets/" + id + "/env/default";
    gateway.admin("POST", env, Map.of("key", "JIRA", "value", "one")).require(201);
    String _ = call(admin());
    gateway.admin("POST", env, Map.of("key", "JIRA", "value", "two")).require(201);
    String _ = call(admin());
    gateway.admin("DELETE", "/api/targets/" + id).require(204);

    assertThat(asked)
        .contains("POST SECRET", "PATCH SECRET", "PATCH INSTANCE")
        .doesNotContain("GET SECRET", "POST INSTANCE", "PUT INSTANCE");
  }

  @Test
  void wakesAPodThatSleeps() throws InterruptedException {
    String _ = target(Map.of("idle_ttl", "10m"));
    McpTestClient client = admin();
    String _ = call(client);
    sleep();

    String answer = call(client);

    assertThat(answer).contains(HELLO);
    assertThat(cluster.pods()).hasSize(1);
  }

  /// Until the gateway has seen that it sleeps. The new pod knows no sessions.
  private void sleep() throws InterruptedException {
    cluster.unused(Duration.ofHours(2));
    await(() -> cluster.pods().isEmpty());
    await(() -> instances().path(0).path("phase").asText().equals("Idle"));
    server.forgetSessions();
  }

  private JsonNode instances() {
    String id = gateway.admin("GET", "/api/targets").json().get(0).get("id").asText();
    return gateway.admin("GET", "/api/targets/" + id + "/instances").json();
  }

  @Test
  void showsPodAndPhase() {
    String _ = target(Map.of());
    String _ = call(admin());

    JsonNode instance = instances().get(0);

    assertThat(instance.get("phase").asText()).isEqualTo("Ready");
    assertThat(instance.get("pod").asText())
        .isEqualTo(cluster.pods().getFirst().at("/metadata/name").asString());
  }

  @Test
  void restartsPods() throws InterruptedException {
    String id = target(Map.of());
    McpTestClient client = admin();
    String _ = call(client);
    String before = cluster.pods().getFirst().at("/metadata/uid").asString();

    JsonNode restarted =
        gateway.admin("POST", "/api/targets/" + id + "/restart-instances").require(200).json();
    server.forgetSessions();

    assertThat(restarted.get("restarted").asInt()).isEqualTo(1);
    assertThat(call(client)).contains(HELLO);
    await(() ->
        cluster.pods().size() == 1
            && !cluster.pods().getFirst().at("/metadata/uid").asString().equals(before));
  }

  @Test
  void servesAllReplicasWithOnePod() {
    String id = target(Map.of());
    gateway
        .admin("POST", "/api/targets/" + id + "/env/default", Map.of("key", "JIRA", "value", "one"))
        .require(201);
    String _ = call(admin());
    String uid = cluster.instances().getFirst().at("/metadata/uid").asString();
    try (TestGateway other = gateway.replica()) {
      String answer = call(other.client(gateway.adminToken()).initialize());

      assertThat(answer).contains(HELLO);
    }

    assertThat(cluster.instances()).hasSize(1);
    assertThat(cluster.secrets()).hasSize(1);
    ObjectNode instance = cluster.instances().getFirst();
    assertThat(instance.at("/metadata/uid").asString()).isEqualTo(uid);
    assertThat(instance.at("/metadata/generation").asInt()).isEqualTo(1);
  }

  @Test
  void removesTheSecretThatWasReplaced() throws InterruptedException {
    String id = target(Map.of());
    String env = "/api/targets/" + id + "/env/default";
    gateway.admin("POST", env, Map.of("key", "JIRA", "value", "one")).require(201);
    String _ = call(admin());
    gateway.admin("POST", env, Map.of("key", "JIRA", "value", "two")).require(201);

    String _ = call(admin());

    await(() -> cluster.secrets().size() == 1);
    assertThat(cluster.secrets().getFirst().at("/data/JIRA").asString()).isEqualTo("dHdv");
  }

  @Test
  void callsGoOnWhileTheApiServerIsAway() {
    String _ = target(Map.of());
    McpTestClient client = admin();
    String _ = call(client);

    cluster.api().decide(_ -> ApiServer.Fate.BROKEN);

    assertThat(call(client)).contains(HELLO);
  }

  @Test
  void saysThatTheApiServerIsAway() {
    String _ = target(Map.of());
    cluster.api().decide(_ -> ApiServer.Fate.ERROR);

    assertThat(call(admin())).contains("the API server of the cluster");
  }

  @Test
  void runsNoMorePodsThanThereMayBe() throws InterruptedException {
    gateway.close();
    Map<String, String> settings = new HashMap<>(cluster.settings());
    settings.put("KUBERNETES_MAX_INSTANCES_PER_TARGET", "1");
    gateway = TestGateway.start(settings);
    String id = target(Map.of("isolation_boundary", "per_user", "idle_ttl", "10m"));
    String token = gateway.userToken("ann@example.com", "dev");
    String _ = gateway.allow(id, token);
    assertThat(call(admin())).contains(HELLO);
    McpTestClient ann = gateway.client(token).initialize();

    assertThat(call(ann)).contains("the target has 1 running instances, the most allowed");

    // As soon as the one sleeps there is room for the other.
    cluster.unused(Duration.ofHours(2));
    await(() -> call(ann).contains(HELLO));
    assertThat(cluster.instances()).hasSize(2);
    await(() -> cluster.pods().size() == 1);
  }

  @Test
  void tellsWhoWaitsThatThePodIsStarting() throws InterruptedException {
    String _ = target(Map.of("idle_ttl", "10m"));
    McpTestClient client = admin();
    assertThat(call(client)).contains(HELLO);
    sleep();
    // Nobody hears of the use for now.
    cluster.api().mute(Kind.INSTANCE);
    String body =
        "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{\"name\":\"jira_echo\","
            + "\"arguments\":{\"text\":\"hello\"},\"_meta\":{\"progressToken\":\"mine\"}}}";
    try (EventClient answer =
        EventClient.post(
            gateway.uri("/mcp"),
            gateway.adminToken(),
            body,
            "Mcp-Session-Id",
            client.session().orElseThrow())) {
      JsonNode told = answer.message("notifications/progress").get("params");
      assertThat(told.get("progressToken").asText()).isEqualTo("mine");
      assertThat(told.get("message").asText()).isEqualTo("target 'jira' is starting");
      JsonNode again = answer.message("notifications/progress").get("params");
      assertThat(again.get("progress").asDouble()).isGreaterThan(told.get("progress").asDouble());

      cluster.api().unmute(Kind.INSTANCE);

      assertThat(answer.answer().toString()).contains(HELLO);
    }
  }

  /// It has only those parts of Kubernetes' client that a gateway needs.
  @Test
  void whatIsShippedCanDoThis(@TempDir Path folder) throws InterruptedException {
    String id = target(Map.of("idle_ttl", "10m"));
    String env = "/api/targets/" + id + "/env/default";
    gateway.admin("POST", env, Map.of("key", "JIRA", "value", "one")).require(201);
    try (var shipped = GatewayProcess.shipped(gateway, folder, cluster.settings())) {
      McpTestClient client = shipped.client(gateway.adminToken()).initialize();
      await(() -> call(client).contains(HELLO));
      gateway.admin("POST", env, Map.of("key", "JIRA", "value", "two")).require(201);
      await(() -> call(client).contains(HELLO) && secrets().equals(List.of("dHdv")));
    }
  }

  private List<String> secrets() {
    return cluster.secrets().stream().map(secret -> secret.at("/data/JIRA").asString()).toList();
  }
}
