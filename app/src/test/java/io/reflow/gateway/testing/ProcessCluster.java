package io.reflow.gateway.testing;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.reflow.gateway.upstream.http.ClusterResolver;
import io.reflow.operator.desired.ImageRules;
import io.reflow.operator.desired.PodRules;
import io.reflow.operator.health.Metrics;
import io.reflow.operator.queue.Backoff;
import io.reflow.operator.reconcile.Controller;
import io.reflow.operator.reconcile.Limits;
import io.reflow.operator.testing.ApiServer;
import io.reflow.operator.testing.ApiServer.Fate;
import io.reflow.operator.testing.Image;
import io.reflow.operator.testing.Kind;
import io.reflow.operator.testing.MovableClock;
import io.reflow.operator.testing.Node;
import io.reflow.operator.testing.Rights;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/// A cluster whose pods are processes of this machine: an API server that gives the gateway and the
/// operator the rights that the chart does and no more, the operator, a node, and names for
/// Services. Closing it ends everything.
public final class ProcessCluster implements AutoCloseable {

  public static final String NAMESPACE = "mcp";

  private static final String GATEWAY = "gateway";
  private static final String OPERATOR = "operator";
  private static final Duration LONG = Duration.ofMinutes(10);

  private final MovableClock clock = new MovableClock();
  private final ApiServer api = ApiServer.start(clock);
  private final Node node;
  private Optional<Operator> operator = Optional.empty();

  private record Operator(Controller controller, KubernetesClient client) {}

  /// A cluster with an operator.
  ///
  /// @param images what the names of images stand for; all are allowed
  public ProcessCluster(Map<String, Image> images) {
    api.permit(GATEWAY, Rights.gateway(NAMESPACE));
    api.permit(OPERATOR, Rights.operator(NAMESPACE));
    node = Node.start(api, clock, images);
    ClusterResolver.know(node);
    startOperator();
  }

  public void startOperator() {
    KubernetesClient client =
        new KubernetesClientBuilder().withConfig(api.config(OPERATOR)).build();
    var failures = new Backoff(Duration.ofMillis(20), Duration.ofMillis(100));
    var requests = new Backoff(Duration.ofMillis(20), Duration.ofMillis(200));
    var controller =
        new Controller(
            client,
            NAMESPACE,
            OPERATOR,
            rules(),
            new Limits(LONG, 3, failures, LONG, LONG),
            new Controller.Pace(2, requests, Duration.ofMillis(500), Duration.ofSeconds(2)),
            new Metrics(),
            clock);
    controller.start();
    operator = Optional.of(new Operator(controller, client));
  }

  /// Nobody looks after instances until it is started again.
  public void stopOperator() throws InterruptedException {
    if (operator.isPresent()) {
      operator.get().controller().close();
      operator.get().client().close();
      operator = Optional.empty();
    }
  }

  /// The API server answers nobody any more.
  public void cutOff() {
    api.decide(_ -> Fate.BROKEN);
    api.closeWatches();
  }

  public void restore() {
    api.decide(_ -> Fate.DONE);
  }

  private static PodRules rules() {
    return new PodRules(
        new ImageRules(List.of("*")),
        Set.of(),
        Set.of(),
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
        GATEWAY,
        "POLICY_MAX_STALENESS",
        "24h");
  }

  /// Of the API server, the operator and the node.
  public MovableClock clock() {
    return clock;
  }

  public Node node() {
    return node;
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

  /// What the gateway or the operator had no right to.
  public List<String> forbidden() {
    return api.forbidden();
  }

  @Override
  public void close() throws InterruptedException {
    try {
      stopOperator();
    } finally {
      ClusterResolver.forget(node);
      node.close();
      api.close();
    }
  }
}
