package io.reflow.operator.reconcile;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.reflow.operator.crd.McpInstanceStatus.Phase;
import io.reflow.operator.desired.PodRules;
import io.reflow.operator.health.Metrics;
import io.reflow.operator.queue.Backoff;
import io.reflow.operator.queue.WorkQueue;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Watches the namespace and works on what has changed, from its start until it is closed.
public final class Controller implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Controller.class);
  private static final long SYNC_LOOK_MILLIS = 50;

  /// How it works.
  ///
  /// @param retries pauses after a step that failed
  /// @param sweep how often everything is looked at although nothing has changed
  /// @param grace how long running steps get to end when it is closed
  public record Pace(int workers, Backoff retries, Duration sweep, Duration grace) {}

  private final Cluster cluster;
  private final Reconciler reconciler;
  private final WorkQueue queue;
  private final Pace pace;
  private final Metrics metrics;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final List<Thread> threads = new ArrayList<>();

  public Controller(
      KubernetesClient client,
      String namespace,
      String identity,
      PodRules rules,
      Limits limits,
      Pace pace,
      Metrics metrics,
      InstantSource clock) {
    this.pace = pace;
    this.metrics = metrics;
    queue = new WorkQueue(clock, pace.retries());
    cluster = new Cluster(client, namespace, queue::add);
    reconciler =
        new Reconciler(cluster, rules, limits, new Announcer(client, identity), metrics, clock);
  }

  public void start() {
    cluster.start();
    begin("sweep", this::sweep);
    for (int i = 1; i <= pace.workers(); i++) {
      begin("reconcile-" + i, this::work);
    }
  }

  /// Whether everything was seen once; nothing is done before.
  public boolean synced() {
    return cluster.synced();
  }

  /// How many instances wait for a worker.
  public int queued() {
    return queue.depth();
  }

  /// How many instances there are in each phase.
  public Map<Phase, Integer> phases() {
    var phases = new EnumMap<Phase, Integer>(Phase.class);
    for (var instance : cluster.instances()) {
      var status = instance.getStatus();
      Phase phase = status == null ? null : status.phase();
      phases.merge(phase == null ? Phase.PENDING : phase, 1, Integer::sum);
    }
    return phases;
  }

  /// Takes up nothing new, and lets running steps end.
  @Override
  public void close() {
    closing.countDown();
    queue.close();
    long deadline = System.nanoTime() + pace.grace().toNanos();
    for (Thread thread : threads) {
      stop(thread, deadline);
    }
    cluster.close();
  }

  private static void stop(Thread thread, long deadline) {
    try {
      long left = Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime()));
      if (!thread.join(Duration.ofMillis(left))) {
        thread.interrupt();
      }
    } catch (InterruptedException _) {
      thread.interrupt();
      Thread.currentThread().interrupt();
    }
  }

  private void begin(String name, Loop loop) {
    threads.add(
        Thread.ofVirtual()
            .name(name)
            .start(() -> {
              try {
                loop.run();
              } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
              }
            }));
  }

  private interface Loop {
    void run() throws InterruptedException;
  }

  /// Sees to everything once in a while, in case a change was missed.
  private void sweep() throws InterruptedException {
    awaitSync();
    do {
      cluster.names().forEach(queue::add);
    } while (!closing.await(pace.sweep().toMillis(), TimeUnit.MILLISECONDS));
  }

  private void work() throws InterruptedException {
    awaitSync();
    for (Optional<String> name = queue.take(); name.isPresent(); name = queue.take()) {
      work(name.get());
    }
  }

  private void awaitSync() throws InterruptedException {
    while (!cluster.synced()) {
      if (closing.await(SYNC_LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
        return;
      }
    }
  }

  private void work(String name) {
    try {
      Optional<Instant> again = reconciler.reconcile(name);
      metrics.reconciled();
      queue.done(name);
      again.ifPresent(when -> queue.addAt(name, when));
    } catch (Exception e) {
      metrics.reconcileFailed();
      queue.failed(name);
      log(name, e);
    }
  }

  /// A conflict only says that the view was old; the change that made it so is on its way.
  private static void log(String name, Exception e) {
    boolean conflict =
        e instanceof KubernetesClientException refused
            && refused.getCode() == HttpURLConnection.HTTP_CONFLICT;
    if (conflict) {
      LOG.atDebug().addKeyValue("instance", name).log("Seen too late: {}", e.getMessage());
    } else {
      LOG.atWarn()
          .addKeyValue("instance", name)
          .log("A step failed and will be tried again: {}", e.getMessage());
    }
  }
}
