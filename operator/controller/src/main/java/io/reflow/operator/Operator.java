package io.reflow.operator;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.reflow.operator.health.HealthServer;
import io.reflow.operator.health.Metrics;
import io.reflow.operator.reconcile.Controller;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.InstantSource;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// One replica of the operator: answers for itself at once, acts when it is elected.
public final class Operator implements AutoCloseable {

  private final KubernetesClient client;
  private final OperatorConfig config;
  private final InstantSource clock;
  private final Metrics metrics = new Metrics();
  private final AtomicReference<@Nullable Controller> acting = new AtomicReference<>();
  private final Leadership leadership;
  private final HealthServer health;

  private Operator(
      KubernetesClient client, OperatorConfig config, Leadership.Terms terms, InstantSource clock) {
    this.client = client;
    this.config = config;
    this.clock = clock;
    leadership = new Leadership(client, config.namespace(), config.identity(), terms, this::act);
    try {
      health = HealthServer.start(config.port(), leadership::alive, this::ready, this::text);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "OPERATOR_PORT " + config.port() + " can't be listened on: " + e.getMessage(), e);
    }
  }

  /// Starts a replica; the client stays the caller's to close.
  static Operator start(
      KubernetesClient client, OperatorConfig config, Leadership.Terms terms, InstantSource clock) {
    var operator = new Operator(client, config, terms, clock);
    operator.leadership.start();
    return operator;
  }

  int port() {
    return health.port();
  }

  boolean leading() {
    return leadership.leading();
  }

  /// Ends what it is doing, gives the Lease back, and stops answering last.
  @Override
  public void close() {
    leadership.close();
    health.close();
  }

  private AutoCloseable act() {
    var controller =
        new Controller(
            client,
            config.namespace(),
            config.identity(),
            config.rules(),
            config.limits(),
            config.pace(),
            metrics,
            clock);
    controller.start();
    acting.set(controller);
    return () -> {
      acting.set(null);
      controller.close();
    };
  }

  /// A replica that waits for its turn is as ready as one that has seen everything; neither is
  /// without the API server.
  private boolean ready() {
    Controller controller = acting.get();
    return leadership.connected() && (controller == null || controller.synced());
  }

  private String text() {
    Controller controller = acting.get();
    Map<String, Integer> phases = new TreeMap<>();
    if (controller != null) {
      controller.phases().forEach((phase, count) -> phases.put(phase.wireName(), count));
    }
    int queued = controller == null ? 0 : controller.queued();
    return metrics.text(new Metrics.Gauges(leading(), queued, phases));
  }
}
