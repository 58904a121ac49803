package io.reflow.gateway;

import static io.reflow.gateway.testing.UpstreamFixtures.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.NodeServers;
import io.reflow.gateway.testing.ProcessCluster;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.testing.Image;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

/// The whole way of a call: the gateway, an instance in the cluster, the operator, a pod, the
/// process that it is, and back. The gateway and the operator have the rights that the chart gives
/// them.
class PodsAsProcessesIT {

  private static final String EVERYTHING = "ghcr.io/reflow-tests/server-everything:1";
  private static final Duration TEN_MINUTES = Duration.ofMinutes(10);
  private static final String ENDS = "ghcr.io/reflow-tests/ends:1";

  private static NodeServers servers;

  private ProcessCluster cluster;
  private TestGateway gateway;
  private String ann;
  private String ben;

  @BeforeAll
  static void install() throws InterruptedException {
    servers = NodeServers.install();
  }

  @BeforeEach
  void start() {
    cluster =
        new ProcessCluster(
            Map.of(
                EVERYTHING,
                Image.of(servers.everythingForPods()),
                ENDS,
                Image.of(List.of("sh", "-c", "echo no database >&2; exit 7"))));
    gateway = TestGateway.start(cluster.settings(), cluster.clock());
    ann = gateway.userToken("ann@example.com", "user");
    ben = gateway.userToken("ben@example.com", "user");
  }

  @AfterEach
  void stop() throws InterruptedException {
    try {
      if (gateway != null) {
        gateway.close();
      }
    } finally {
      cluster.close();
    }
    assertThat(cluster.forbidden()).isEmpty();
    assertThat(cluster.node().running()).isEmpty();
  }

  @Test
  void eachUserHasAPodWithHisOwnCredentials() {
    String id = target("own", Map.of("isolation_boundary", "per_user"));
    value(id, "user/" + gateway.userId(ann), "TOKEN", "of-ann");
    value(id, "user/" + gateway.userId(ben), "TOKEN", "of-ben");

    String ofAnn = environment(session(ann), "own");
    String ofBen = environment(session(ben), "own");

    assertThat(ofAnn).contains("\"TOKEN\": \"of-ann\"").doesNotContain("of-ben");
    assertThat(ofBen).contains("\"TOKEN\": \"of-ben\"").doesNotContain("of-ann");
    assertThat(names(cluster.pods())).hasSize(2).isEqualTo(names(cluster.instances()));
    assertThat(names(cluster.secrets())).hasSize(2);
    assertThat(cluster.node().running()).hasSize(2);
    assertThat(cluster.instances().toString() + cluster.pods()).doesNotContain("of-ann", "of-ben");
    assertThat(environment(session(ann), "own")).isEqualTo(ofAnn);
    assertThat(cluster.pods()).hasSize(2);
  }

  @Test
  void allShareThePodOfASharedTarget() {
    String id = target("all", Map.of());
    value(id, "default", "TOKEN", "of-all");

    String ofAnn = environment(session(ann), "all");

    assertThat(ofAnn).contains("\"TOKEN\": \"of-all\"");
    assertThat(environment(session(ben), "all")).isEqualTo(ofAnn);
    assertThat(cluster.pods()).hasSize(1);
  }

  @Test
  void aPodThatNobodyUsesSleepsUntilTheNextCallAndThenServesAllWhoWait()
      throws InterruptedException, ExecutionException {
    String id = target("sleeper", Map.of("idle_ttl", "10m"));
    List<McpTestClient> clients =
        IntStream.range(0, 4).mapToObj(i -> session(i % 2 == 0 ? ann : ben)).toList();
    for (McpTestClient client : clients) {
      assertThat(echo(client, "sleeper")).contains("Echo: hello");
    }
    String before = uid();

    await(() -> {
      // The gateway notes uses after a while: the last that is noted counts.
      if (cluster.clock().instant().isBefore(lastUse().plus(TEN_MINUTES))) {
        cluster.clock().forward(TEN_MINUTES);
      }
      return cluster.pods().isEmpty() && phases(id).equals(Set.of("Idle"));
    });
    assertThat(cluster.instances()).hasSize(1);
    assertThat(cluster.node().running()).isEmpty();

    for (String answer : together(clients, client -> () -> echo(client, "sleeper"))) {
      assertThat(answer).as(cluster.node().story()).contains("Echo: hello");
    }
    assertThat(cluster.pods()).hasSize(1);
    assertThat(uid()).isNotEqualTo(before);
  }

  @Test
  void aChangedCredentialIsTheNextCallsAndEndsTheFormerPod()
      throws InterruptedException, ExecutionException {
    String id = target("rolled", Map.of());
    value(id, "default", "TOKEN", "first");
    McpTestClient client = session(ann);
    assertThat(environment(client, "rolled")).contains("\"TOKEN\": \"first\"");
    String before = uid();

    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<JsonNode> running =
          threads.submit(() ->
              session(ben)
                  .callTool(
                      "rolled_trigger-long-running-operation", Map.of("duration", 120, "steps", 2))
                  .answer());
      await(() -> callsInFlight(id) == 1);
      value(id, "default", "TOKEN", "second");

      assertThat(environment(client, "rolled")).contains("\"TOKEN\": \"second\"");
      // The former pod went, and the call that it was at with it.
      assertThat(running.get().at("/error/message").asText()).startsWith("target 'rolled' ");
    }
    assertThat(uid()).isNotEqualTo(before);
    assertThat(cluster.node().running()).hasSize(1);
  }

  @Test
  void theToolErrorSaysWhatTheOperatorSaysOfAFailingPod() {
    String _ = target("failing", Map.of("image", ENDS));

    JsonNode answer = session(ann).callTool("failing_anything", Map.of()).answer();

    assertThat(answer.toString()).contains("exit code 7 (Error)", "Failed 3 times");
    assertThat(cluster.node().story()).contains("no database");
  }

  @Test
  void restartInstancesBringsAnotherPod() {
    String id = target("restarted", Map.of());
    assertThat(echo(session(ann), "restarted")).contains("Echo: hello");
    String before = uid();

    JsonNode restarted =
        gateway.admin("POST", "/api/targets/" + id + "/restart-instances").require(200).json();

    assertThat(restarted.get("restarted").asInt()).isEqualTo(1);
    assertThat(echo(session(ann), "restarted")).contains("Echo: hello");
    assertThat(uid()).isNotEqualTo(before);
  }

  @Test
  void nothingIsLeftOfADeletedTarget() throws InterruptedException {
    String id = target("deleted", Map.of("isolation_boundary", "per_user"));
    value(id, "default", "TOKEN", "of-all");
    assertThat(echo(session(ann), "deleted")).contains("Echo: hello");
    assertThat(echo(session(ben), "deleted")).contains("Echo: hello");
    assertThat(cluster.secrets()).hasSize(2);

    gateway.admin("DELETE", "/api/targets/" + id).require(204);

    await(() -> cluster.instances().isEmpty() && cluster.secrets().isEmpty());
    await(() -> cluster.pods().isEmpty() && cluster.node().running().isEmpty());
  }

  @Test
  void warmCallsNeedNeitherTheOperatorNorTheApiServer() throws InterruptedException {
    String _ = target("warm", Map.of());
    McpTestClient client = session(ann);
    assertThat(echo(client, "warm")).contains("Echo: hello");
    String before = uid();

    cluster.stopOperator();
    assertThat(echo(client, "warm")).contains("Echo: hello");
    cluster.cutOff();
    assertThat(echo(client, "warm")).contains("Echo: hello");
    // Another session too: the pod is known.
    assertThat(echo(session(ben), "warm")).contains("Echo: hello");
    cluster.restore();
    cluster.startOperator();

    assertThat(echo(client, "warm")).contains("Echo: hello");
    assertThat(uid()).isEqualTo(before);
  }

  @Test
  void twoGatewaysUseOnePod() throws InterruptedException, ExecutionException {
    String id = target("two", Map.of());
    value(id, "default", "TOKEN", "of-all");
    try (TestGateway second = gateway.replica()) {
      await(() -> second.get("/api/targets/" + id, second.adminToken()).status() == 200);
      var here = session(ann);
      var there = second.client(ben).initialize();

      List<String> answers =
          together(List.of(here, there), client -> () -> environment(client, "two"));

      assertThat(answers.get(0)).contains("\"TOKEN\": \"of-all\"");
      assertThat(answers.get(1)).isEqualTo(answers.get(0));
      assertThat(cluster.instances()).hasSize(1);
      assertThat(cluster.secrets()).hasSize(1);
      assertThat(cluster.node().running()).hasSize(1);
    }
  }

  private String target(String name, Map<String, ?> fields) {
    Map<String, Object> all = new HashMap<>();
    all.put("transport_type", "kubernetes");
    all.put("image", EVERYTHING);
    all.put("port", 3001);
    all.putAll(fields);
    String id = gateway.target(name, all);
    String _ = gateway.allow(id, ann);
    String _ = gateway.allow(id, ben);
    return id;
  }

  private void value(String target, String scope, String key, String value) {
    gateway
        .admin(
            "POST",
            "/api/targets/%s/env/%s".formatted(target, scope),
            Map.of("key", key, "value", value))
        .require(201);
  }

  private McpTestClient session(String token) {
    return gateway.client(token).initialize();
  }

  private static String echo(McpTestClient client, String target) {
    return client.callTool(target + "_echo", Map.of("message", "hello")).answer().toString();
  }

  /// What the process itself says its variables are.
  private String environment(McpTestClient client, String target) {
    JsonNode result = client.callTool(target + "_get-env", Map.of()).result();
    assertThat(result.path("isError").asBoolean())
        .as("%s%n%s", result, cluster.node().story())
        .isFalse();
    return result.at("/content/0/text").asText();
  }

  private JsonNode shown(String target) {
    return gateway.admin("GET", "/api/targets/" + target + "/instances").require(200).json();
  }

  private Set<String> phases(String target) {
    var phases = new HashSet<String>();
    shown(target).forEach(instance -> phases.add(instance.path("phase").asText()));
    return phases;
  }

  private int callsInFlight(String target) {
    int calls = 0;
    for (JsonNode instance : shown(target)) {
      calls += instance.path("calls_in_flight").asInt();
    }
    return calls;
  }

  /// As the one instance says.
  private Instant lastUse() {
    ObjectNode instance = cluster.instances().getFirst();
    return Instant.parse(
        instance.at("/metadata/annotations").get(McpInstance.LAST_USED_AT).asString());
  }

  /// Of the one pod.
  private String uid() {
    List<ObjectNode> pods =
        cluster.pods().stream()
            .filter(pod -> !pod.get("metadata").has("deletionTimestamp"))
            .toList();
    assertThat(pods).hasSize(1);
    return pods.getFirst().at("/metadata/uid").asString();
  }

  private static Set<String> names(List<ObjectNode> objects) {
    return objects.stream()
        .map(object -> object.at("/metadata/name").asString())
        .collect(Collectors.toSet());
  }

  private interface Work {
    Callable<String> by(McpTestClient client);
  }

  private static List<String> together(List<McpTestClient> clients, Work work)
      throws InterruptedException, ExecutionException {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> answers = threads.invokeAll(clients.stream().map(work::by).toList());
      var texts = new ArrayList<String>();
      for (Future<String> answer : answers) {
        texts.add(answer.get());
      }
      return texts;
    }
  }
}
