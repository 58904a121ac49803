package io.reflow.operator.testing;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// One pod on a [Node], from when it is seen until it is gone: its program, what is reported of it,
/// and how it ends.
final class PodProcess {

  /// Probes are asked more often than a pod says, so that nobody has to wait for the next; what is
  /// slow has as long as it says.
  private static final int HURRY = 10;

  private static final Duration TICK = Duration.ofSeconds(1).dividedBy(HURRY);

  private static final Duration LONGEST_END = Duration.ofSeconds(10);
  private static final int MOST_LINES = 400;

  private final Objects objects;
  private final InstantSource clock;
  private final Prober prober;
  private final Map<String, Image> images;
  private final ObjectNode pod;
  private final String namespace;
  private final String name;
  private final String uid;
  private final ContainerSpec container;
  private final Thread thread;
  private final AtomicReference<@Nullable Process> process = new AtomicReference<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<String> log = new ArrayDeque<>();
  private volatile int port;
  private volatile Instant startedAt = Instant.EPOCH;

  /// How long the program may take to end; nothing while it need not.
  private volatile Optional<Duration> grace = Optional.empty();

  PodProcess(
      Objects objects,
      InstantSource clock,
      Prober prober,
      Map<String, Image> images,
      ObjectNode pod) {
    this.objects = objects;
    this.clock = clock;
    this.prober = prober;
    this.images = images;
    this.pod = pod;
    namespace = Objects.metadata(pod).get("namespace").asString();
    name = Objects.name(pod);
    uid = Objects.metadata(pod).get("uid").asString();
    container = ContainerSpec.of(pod);
    thread = Thread.ofVirtual().name("pod-" + name).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  String name() {
    return name;
  }

  /// Where the program listens; 0 before it is started.
  int port() {
    return port;
  }

  Optional<ProcessHandle> program() {
    Process started = process.get();
    return started != null && started.isAlive()
        ? Optional.of(started.toHandle())
        : Optional.empty();
  }

  /// The program is asked to end, and made to when it does not within this time.
  void end(Duration within) {
    if (grace.isEmpty()) {
      grace = Optional.of(within);
      thread.interrupt();
    }
  }

  /// Whether nothing of it is left.
  boolean over() {
    return !thread.isAlive();
  }

  void awaitEnd() {
    try {
      boolean _ = thread.join(LONGEST_END);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Ends the program at once.
  void abandon() {
    grace = Optional.of(Duration.ZERO);
    thread.interrupt();
    kill();
  }

  /// What happened, and what the program said last.
  List<String> log() {
    lock.lock();
    try {
      return List.copyOf(log);
    } finally {
      lock.unlock();
    }
  }

  private void note(String line) {
    lock.lock();
    try {
      log.addLast(line);
      if (log.size() > MOST_LINES) {
        log.removeFirst();
      }
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    try {
      live();
      // What has ended stays until it is deleted.
      new CountDownLatch(1).await();
    } catch (InterruptedException _) {
      note("is to end");
    }
    try {
      stop();
    } catch (InterruptedException _) {
      // There is no time left.
      kill();
    }
    gone();
  }

  private void live() throws InterruptedException {
    report(status -> {
      condition(status, "PodScheduled", true);
      waiting(status, "ContainerCreating", "");
    });
    Image image = images.get(container.image());
    if (image == null) {
      String why = "no image " + container.image() + " in any registry";
      note(why);
      report(status -> waiting(status, "ErrImagePull", why));
      return;
    }
    List<ObjectNode> secrets = awaitSecrets();
    try (var held = new HeldPort()) {
      follow(launch(image, secrets, held.number()));
    } catch (IOException e) {
      note(e.toString());
      report(status -> ended(status, 128, "StartError"));
    }
  }

  private void follow(Process started) throws InterruptedException {
    report(status -> {
      status.put("podIP", "127.0.0.1").put("startTime", now());
      running(status, false);
    });
    boolean sick = watch(started);
    if (sick) {
      note("does not answer any more");
      kill();
    }
    int code = started.waitFor();
    note("ended with exit code " + code);
    report(status -> ended(status, code, code == 0 ? "Completed" : "Error"));
  }

  private List<ObjectNode> awaitSecrets() throws InterruptedException {
    var found = new ArrayList<ObjectNode>();
    for (String secret : container.secrets()) {
      Optional<ObjectNode> there = objects.find(Kind.SECRET, namespace, secret);
      if (there.isEmpty()) {
        note("waits for the Secret " + secret);
        report(status ->
            waiting(status, "CreateContainerConfigError", "secret \"" + secret + "\" not found"));
      }
      while (there.isEmpty()) {
        long _ = objects.awaitAfter(objects.version(), 50);
        there = objects.find(Kind.SECRET, namespace, secret);
      }
      found.add(there.get());
    }
    return found;
  }

  private Process launch(Image image, List<ObjectNode> secrets, int at) throws IOException {
    Map<String, String> variables = container.environment(image, secrets);
    var builder =
        new ProcessBuilder(container.command(image, variables))
            .directory(new File("/tmp"))
            .redirectErrorStream(true);
    String path = builder.environment().getOrDefault("PATH", "/usr/bin:/bin");
    builder.environment().clear();
    builder.environment().put("PATH", path);
    builder.environment().putAll(variables);
    builder.environment().put("PORT", Integer.toString(at));
    Process started = builder.start();
    port = at;
    process.set(started);
    startedAt = clock.instant();
    note("runs as process %d at port %d".formatted(started.pid(), at));
    started.getOutputStream().close();
    Thread _ =
        Thread.ofVirtual()
            .name("log-" + name)
            .start(() -> started.inputReader(StandardCharsets.UTF_8).lines().forEach(this::note));
    return started;
  }

  /// Until the program ends.
  ///
  /// @return whether it has to be ended, since it does not answer
  private boolean watch(Process started) throws InterruptedException {
    var startup = new Checks(container.probe("startupProbe"));
    while (!startup.passed) {
      if (ends(started, startup) || startup.failed()) {
        return startup.failed();
      }
    }
    var readiness = new Checks(container.probe("readinessProbe"));
    var liveness = new Checks(container.probe("livenessProbe"));
    boolean ready = false;
    while (!liveness.failed()) {
      boolean isReady = readiness.due() ? readiness.check() : ready && !readiness.failed();
      if (isReady != ready) {
        ready = isReady;
        boolean now = ready;
        note(ready ? "is ready" : "is not ready");
        report(status -> running(status, now));
      }
      if (ends(started, liveness)) {
        return false;
      }
    }
    return true;
  }

  /// Whether the program ends before its next check, which is made if it is due.
  private static boolean ends(Process started, Checks checks) throws InterruptedException {
    if (checks.due()) {
      boolean _ = checks.check();
    }
    return started.waitFor(TICK.toMillis(), TimeUnit.MILLISECONDS);
  }

  /// One probe, and how it has gone so far. A probe that there is not always passes.
  private final class Checks {

    private final JsonNode probe;
    private final long period;
    private final int threshold;
    private long next = System.nanoTime();
    private int failures;
    private boolean passed;

    Checks(JsonNode probe) {
      this.probe = probe;
      period = TICK.toNanos() * probe.path("periodSeconds").asInt(10);
      threshold = probe.path("failureThreshold").asInt(3) * HURRY;
    }

    boolean due() {
      return System.nanoTime() - next >= 0;
    }

    boolean failed() {
      return failures >= threshold;
    }

    /// Whether the program is well, as far as a single failure does not count yet.
    boolean check() throws InterruptedException {
      next = System.nanoTime() + period;
      if (probe.isMissingNode() || prober.ask(probe, port)) {
        failures = 0;
        passed = true;
      } else {
        failures++;
      }
      return passed && !failed();
    }
  }

  private void stop() throws InterruptedException {
    Process started = process.get();
    if (started == null) {
      return;
    }
    started.destroy();
    long within = grace.orElse(Duration.ZERO).toMillis();
    if (!started.waitFor(within, TimeUnit.MILLISECONDS)) {
      note("does not end by itself");
      kill();
      int _ = started.waitFor();
    }
  }

  private void kill() {
    Process started = process.get();
    if (started != null) {
      try (Stream<ProcessHandle> children = started.descendants()) {
        children.forEach(ProcessHandle::destroyForcibly);
      }
      Process _ = started.destroyForcibly();
    }
  }

  /// The API server may give the name away again.
  private void gone() {
    ObjectNode options = Objects.JSON.createObjectNode().put("gracePeriodSeconds", 0);
    options.putObject("preconditions").put("uid", uid);
    try {
      objects.delete(Kind.POD, namespace, name, options);
    } catch (Refused _) {
      note("was gone already");
    }
  }

  private void report(Consumer<ObjectNode> change) {
    try {
      objects.report(pod, change);
    } catch (Refused _) {
      // It is gone; the node will notice.
    }
  }

  private void waiting(ObjectNode status, String reason, String message) {
    status.put("phase", "Pending");
    condition(status, "Ready", false);
    state(status, false).putObject("waiting").put("reason", reason).put("message", message);
  }

  private void running(ObjectNode status, boolean ready) {
    status.put("phase", "Running");
    condition(status, "Ready", ready);
    state(status, ready).putObject("running").put("startedAt", text(startedAt));
  }

  private void ended(ObjectNode status, int code, String reason) {
    status.put("phase", code == 0 ? "Succeeded" : "Failed");
    condition(status, "Ready", false);
    state(status, false)
        .putObject("terminated")
        .put("exitCode", code)
        .put("reason", reason)
        .put("startedAt", text(startedAt.equals(Instant.EPOCH) ? clock.instant() : startedAt))
        .put("finishedAt", now());
  }

  private ObjectNode state(ObjectNode status, boolean ready) {
    ObjectNode one = status.putArray("containerStatuses").addObject();
    one.put("name", container.name()).put("image", container.image()).put("imageID", "");
    one.put("ready", ready).put("restartCount", 0);
    return one.putObject("state");
  }

  private void condition(ObjectNode status, String type, boolean is) {
    ObjectNode condition = Objects.JSON.createObjectNode();
    condition.put("type", type).put("status", is ? "True" : "False");
    for (JsonNode earlier : status.path("conditions")) {
      if (earlier.path("type").asString().equals(type)) {
        condition.set("lastTransitionTime", earlier.get("lastTransitionTime"));
        if (!earlier.path("status").equals(condition.path("status"))) {
          condition.put("lastTransitionTime", now());
        }
      }
    }
    if (!condition.has("lastTransitionTime")) {
      condition.put("lastTransitionTime", now());
    }
    var all = Objects.JSON.createArrayNode();
    status
        .path("conditions")
        .valueStream()
        .filter(earlier -> !earlier.path("type").asString().equals(type))
        .forEach(all::add);
    status.set("conditions", all.add(condition));
  }

  private String now() {
    return text(clock.instant());
  }

  private static String text(Instant time) {
    return time.truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
