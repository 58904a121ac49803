package io.reflow.gateway.testing;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.desired.ImageRules;
import io.reflow.operator.desired.PodRules;
import io.reflow.operator.health.Metrics;
import io.reflow.operator.queue.Backoff;
import io.reflow.operator.reconcile.Controller;
import io.reflow.operator.reconcile.Limits;
import io.reflow.operator.testing.ApiServer;
import io.reflow.operator.testing.Kind;
import io.reflow.operator.testing.Kubelet;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// A cluster with an API server, a kubelet and the operator. Its pods become ready, or not, as the
/// kubelet is told; whatever they are said to serve, the server of the test does.
public final class TestCluster implements AutoCloseable {

  public static final String NAMESPACE = "mcp";

  private static final Duration LONG = Duration.ofMinutes(10);

  private final InstantSource clock = InstantSource.system();

  /// An instance is used when it is made: it was long ago, so that it may be unused for long.
  private final ApiServer api = ApiServer.start(InstantSource.offset(clock, Duration.ofHours(-3)));

  private final Kubelet kubelet = Kubelet.start(api, clock);
  private final KubernetesClient client =
      new KubernetesClientBuilder().withConfig(api.config("operator")).build();
  private final Controller operator;
  private final FakeMcpServer server;

  public TestCluster(FakeMcpServer server) {
    this.server = server;
    this.operator =
        new Controller(
            client,
            NAMESPACE,
            "operator",
            rules(),
            new Limits(
                LONG, 3, new Backoff(Duration.ofMillis(20), Duration.ofMillis(100)), LONG, LONG),
            new Controller.Pace(
                2,
                new Backoff(Duration.ofMillis(20), Duration.ofMillis(200)),
                Duration.ofMillis(500),
                Duration.ofSeconds(2)),
            new Metrics(),
            clock);
    operator.start();
  }

  private static PodRules rules() {
    return new PodRules(
        new ImageRules(List.of("ghcr.io/acme")),
        Set.of("reader"),
        Set.of("gvisor"),
        Map.of("cpu", "50m", "memory", "128Mi"),
        Map.of("cpu", "1", "memory", "512Mi", "ephemeral-storage", "1Gi"),
        "reflow",
        Map.of("app.kubernetes.io/name", "reflow-gateway"),
        List.of("10.0.0.0/8"),
        Duration.ofMinutes(30),
        Duration.ofHours(24));
  }

  /// The settings of a gateway that uses it.
  public Map<String, String> settings() {
    return Map.of(
        "KUBERNETES_ENABLED",
        "true",
        "KUBERNETES_NAMESPACE",
        NAMESPACE,
        "KUBERNETES_API_SERVER",
        "http://127.0.0.1:" + api.port(),
        "KUBERNETES_TOKEN",
        "gateway",
        "KUBERNETES_SERVICE_URL",
        server.url() + "/{name}",
        "KUBERNETES_START_TIMEOUT",
        "1m",
        "POLICY_MAX_STALENESS",
        "24h");
  }

  /// What a target is that runs there.
  public static Map<String, ?> target() {
    return Map.of(
        "transport_type", "kubernetes", "image", "ghcr.io/acme/jira:1", "port", 8080, "path", "/");
  }

  public ApiServer api() {
    return api;
  }

  public Kubelet kubelet() {
    return kubelet;
  }

  /// As if all instances had been used last so long ago.
  public void unused(Duration since) {
    for (ObjectNode instance : instances()) {
      ObjectNode note = JsonNodeFactory.instance.objectNode();
      note.putObject("metadata")
          .putObject("annotations")
          .put(McpInstance.LAST_USED_AT, Instant.now().minus(since).toString());
      String name = instance.at("/metadata/name").asString();
      ObjectNode _ = api.objects().merge(Kind.INSTANCE, NAMESPACE, name, note, false);
    }
  }

  public List<ObjectNode> instances() {
    return api.objects().list(Kind.INSTANCE);
  }

  public List<ObjectNode> pods() {
    return api.objects().list(Kind.POD);
  }

  public List<ObjectNode> secrets() {
    return api.objects().list(Kind.SECRET);
  }

  @Override
  public void close() throws InterruptedException {
    operator.close();
    client.close();
    kubelet.close();
    api.close();
  }
}
