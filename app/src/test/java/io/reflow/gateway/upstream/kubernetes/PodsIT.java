package io.reflow.gateway.upstream.kubernetes;

import static io.reflow.gateway.testing.UpstreamFixtures.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.TestCluster;
import io.reflow.gateway.testing.TestGateway;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
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

  private String call(McpTestClient client) {
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
}
