package io.reflow.operator.testing;

import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.function.Function;
import tools.jackson.databind.node.ObjectNode;

/// Plays the nodes: pods become ready, fail or hang as it is told, and end when they are deleted.
public final class Kubelet implements AutoCloseable {

  /// What becomes of a new pod.
  public enum Fate {
    READY,
    EXITS,
    HANGS
  }

  private final Objects objects;
  private final InstantSource clock;
  private final Thread thread;
  private volatile Function<String, Fate> fates = _ -> Fate.READY;

  private Kubelet(Objects objects, InstantSource clock) {
    this.objects = objects;
    this.clock = clock;
    thread = Thread.ofVirtual().name("kubelet").unstarted(this::run);
  }

  /// One that does nothing until it is started.
  public static Kubelet of(ApiServer api, InstantSource clock) {
    return new Kubelet(api.objects(), clock);
  }

  public static Kubelet start(ApiServer api, InstantSource clock) {
    Kubelet kubelet = of(api, clock);
    kubelet.start();
    return kubelet;
  }

  public void start() {
    thread.start();
  }

  /// By the name of the pod.
  public void decide(Function<String, Fate> decided) {
    fates = decided;
  }

  public void exit(String namespace, String name) {
    objects.report(namespace, name, status -> failed(status, "1"));
  }

  /// Afterwards pods stay as they are.
  @Override
  public void close() throws InterruptedException {
    thread.interrupt();
    thread.join();
  }

  private void run() {
    try {
      long seen = 0;
      while (!Thread.currentThread().isInterrupted()) {
        seen = objects.awaitAfter(seen, 100);
        objects.list(Kind.POD).forEach(this::handle);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void handle(ObjectNode pod) {
    String namespace = Objects.metadata(pod).get("namespace").asString();
    String name = Objects.name(pod);
    try {
      if (Objects.metadata(pod).has("deletionTimestamp")) {
        var now = Objects.JSON.createObjectNode().put("gracePeriodSeconds", 0);
        objects.delete(Kind.POD, namespace, name, now);
      } else if (!pod.path("status").has("conditions")) {
        switch (fates.apply(name)) {
          case READY -> objects.report(namespace, name, this::ready);
          case EXITS -> objects.report(namespace, name, status -> failed(status, "1"));
          case HANGS -> {}
        }
      }
    } catch (Refused _) {
      // It is gone already.
    }
  }

  private void ready(ObjectNode status) {
    status.put("phase", "Running").put("podIP", "10.1.0.1");
    condition(status, "True");
  }

  private void failed(ObjectNode status, String code) {
    status.put("phase", "Failed");
    condition(status, "False");
    ObjectNode container = status.putArray("containerStatuses").addObject();
    container.put("name", "mcp").put("image", "i").put("imageID", "i").put("ready", false);
    container.put("restartCount", 0);
    container
        .putObject("state")
        .putObject("terminated")
        .put("exitCode", Integer.parseInt(code))
        .put("reason", "Error")
        .put("startedAt", now())
        .put("finishedAt", now());
  }

  private void condition(ObjectNode status, String is) {
    status
        .putArray("conditions")
        .addObject()
        .put("type", "Ready")
        .put("status", is)
        .put("lastTransitionTime", now());
  }

  private String now() {
    return clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
