package io.reflow.operator;

import static org.assertj.core.api.Assertions.fail;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.reflow.operator.Leadership.Terms;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.crd.McpInstanceSpec;
import io.reflow.operator.crd.McpInstanceStatus.Phase;
import io.reflow.operator.desired.PodRules;
import io.reflow.operator.desired.TestRules;
import io.reflow.operator.health.Metrics;
import io.reflow.operator.queue.Backoff;
import io.reflow.operator.reconcile.Controller;
import io.reflow.operator.reconcile.Limits;
import io.reflow.operator.testing.ApiServer;
import io.reflow.operator.testing.Instances;
import io.reflow.operator.testing.Kind;
import io.reflow.operator.testing.Kubelet;
import io.reflow.operator.testing.MovableClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// A cluster with an API server, a kubelet, a gateway's client and as many operators as are
/// started.
final class OperatorFixture implements AutoCloseable {

  private static final Duration DEADLINE = Duration.ofSeconds(60);
  static final Limits LIMITS =
      new Limits(
          Duration.ofMinutes(5),
          3,
          new Backoff(Duration.ofSeconds(10), Duration.ofMinutes(5)),
          Duration.ofMinutes(10),
          Duration.ofMinutes(10));
  static final Terms TERMS =
      new Terms(Duration.ofMillis(1000), Duration.ofMillis(700), Duration.ofMillis(50));

  private static final Controller.Pace PACE =
      new Controller.Pace(
          4,
          new Backoff(Duration.ofMillis(20), Duration.ofMillis(200)),
          Duration.ofMillis(500),
          Duration.ofSeconds(2));

  final MovableClock clock = new MovableClock();
  final ApiServer api;
  final Kubelet kubelet;
  final KubernetesClient gateway;
  private final List<AutoCloseable> opened = new ArrayList<>();
  private int operators;

  /// A replica and its client; closed with the fixture at the latest.
  record Replica(String token, Operator operator, KubernetesClient client)
      implements AutoCloseable {

    @Override
    public void close() {
      operator.close();
      client.close();
    }
  }

  OperatorFixture() {
    this(100_000);
  }

  OperatorFixture(int remembers) {
    this(remembers, true);
  }

  /// A cluster to which the test brings nodes itself.
  static OperatorFixture withoutKubelet() {
    return new OperatorFixture(100_000, false);
  }

  private OperatorFixture(int remembers, boolean withKubelet) {
    api = ApiServer.start(clock, remembers);
    kubelet = Kubelet.of(api, clock);
    if (withKubelet) {
      kubelet.start();
    }
    gateway = new KubernetesClientBuilder().withConfig(api.config("gateway")).build();
  }

  Replica operator() {
    return operator(TestRules.rules());
  }

  /// A controller that acts without asking who leads.
  Controller lonely() {
    String token = "operator-" + ++operators;
    KubernetesClient client = new KubernetesClientBuilder().withConfig(api.config(token)).build();
    var controller =
        new Controller(
            client,
            Instances.NAMESPACE,
            token,
            TestRules.rules(),
            LIMITS,
            PACE,
            new Metrics(),
            clock);
    controller.start();
    opened.add(client);
    opened.add(controller);
    return controller;
  }

  Replica operator(PodRules rules) {
    String token = "operator-" + ++operators;
    var config = new OperatorConfig(Instances.NAMESPACE, token, 0, rules, LIMITS, PACE);
    KubernetesClient client = new KubernetesClientBuilder().withConfig(api.config(token)).build();
    var replica = new Replica(token, Operator.start(client, config, TERMS, clock), client);
    opened.add(replica);
    return replica;
  }

  McpInstance create(McpInstanceSpec spec) {
    return gateway.resource(Instances.of(spec)).create();
  }

  McpInstance create(String subject) {
    return create(Instances.spec(subject));
  }

  /// As the gateway does on a call.
  void use(McpInstance instance) {
    ObjectNode note = JsonNodeFactory.instance.objectNode();
    note.putObject("metadata")
        .putObject("annotations")
        .put(McpInstance.LAST_USED_AT, clock.instant().toString());
    patch(instance, note);
  }

  /// As the gateway does when the target or a credential has changed.
  void change(McpInstance instance, String field, String value) {
    ObjectNode change = JsonNodeFactory.instance.objectNode();
    change.putObject("spec").put(field, value);
    patch(instance, change);
  }

  private void patch(McpInstance instance, ObjectNode patch) {
    String name = instance.getMetadata().getName();
    ObjectNode _ = api.objects().merge(Kind.INSTANCE, Instances.NAMESPACE, name, patch, false);
  }

  String phase(McpInstance instance) {
    return api.objects()
        .find(Kind.INSTANCE, Instances.NAMESPACE, instance.getMetadata().getName())
        .map(found -> found.at("/status/phase").asString(""))
        .orElse("gone");
  }

  String podUid(McpInstance instance) {
    return api.objects()
        .find(Kind.POD, Instances.NAMESPACE, instance.getMetadata().getName())
        .map(found -> found.at("/metadata/uid").asString())
        .orElse("none");
  }

  void awaitPhase(McpInstance instance, Phase phase) {
    await(
        "phase " + phase.wireName() + " of " + instance.getSpec().subjectKey(),
        () -> phase(instance).equals(phase.wireName()));
  }

  /// Waits for something, and says what there was instead.
  void await(String what, Callable<Boolean> condition) {
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    var never = new CountDownLatch(1);
    try {
      while (!condition.call()) {
        if (System.nanoTime() > deadline) {
          fail("Waited in vain for " + what + "; instances: " + api.objects().list(Kind.INSTANCE));
        }
        boolean _ = never.await(10, TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (Exception e) {
      throw new IllegalStateException("While waiting for " + what, e);
    }
  }

  @Override
  public void close() throws Exception {
    for (AutoCloseable one : opened.reversed()) {
      one.close();
    }
    gateway.close();
    kubelet.close();
    api.close();
  }
}
