package io.reflow.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.StatusDetails;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.crd.McpInstanceStatus.Phase;
import io.reflow.operator.testing.ApiServer;
import io.reflow.operator.testing.ApiServer.Fate;
import io.reflow.operator.testing.ApiServer.Request;
import io.reflow.operator.testing.Instances;
import io.reflow.operator.testing.Instances.Draft;
import io.reflow.operator.testing.Kind;
import io.reflow.operator.testing.Kubelet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Whatever goes wrong on the way, the end is the same: what is asked for, once, and nothing else.
class ChaosTest {

  private final OperatorFixture cluster = new OperatorFixture();
  private final ConcurrentLinkedQueue<String> faults = new ConcurrentLinkedQueue<>();

  @AfterEach
  void close() throws Exception {
    cluster.close();
  }

  /// Each operator is killed at a write: before it reaches the API server, or before the answer to
  /// it is there. Over a whole story, so that each step is some operator's last.
  @ParameterizedTest
  @CsvSource({"1,UNANSWERED", "2,UNANSWERED", "3,UNANSWERED", "2,BROKEN", "3,BROKEN", "5,BROKEN"})
  void survivesKillsBetweenAnyTwoSteps(int life, Fate end) {
    var writes = new AtomicInteger();
    var down = new AtomicBoolean();
    // Without elections: those have tests of their own.
    var current = new AtomicReference<>(cluster.lonely());
    cluster.api.decide(
        guarded(request -> {
          if (!request.writes() || writes.incrementAndGet() < life) {
            return Fate.DONE;
          }
          cluster.api.kill(request.token());
          down.set(true);
          return end;
        }));

    McpInstance left = cluster.create("left");
    McpInstance kept = cluster.create("kept");
    Runnable supervise =
        () -> {
          if (down.compareAndSet(true, false)) {
            current.get().close();
            writes.set(0);
            current.set(cluster.lonely());
          }
        };
    awaitReady(left, supervise);
    awaitReady(kept, supervise);

    String first = cluster.podUid(kept);
    cluster.change(kept, "secretRef", kept.getMetadata().getName() + ".r2");
    cluster.await(
        "another pod",
        () -> {
          supervise.run();
          return !List.of(first, "none").contains(cluster.podUid(kept));
        });
    awaitReady(kept, supervise);

    cluster.kubelet.exit(Instances.NAMESPACE, kept.getMetadata().getName());
    cluster.await(
        "the failure to be counted",
        () -> {
          supervise.run();
          var status = cluster.gateway.resource(kept).get().getStatus();
          return status.failures() != null;
        });
    cluster.clock.forward(Duration.ofMinutes(1));
    awaitReady(kept, supervise);
    List<StatusDetails> _ = cluster.gateway.resource(left).delete();
    cluster.await(
        "what was left to go",
        () -> {
          supervise.run();
          return cluster.api.objects().list(Kind.POD).size() == 1;
        });

    cluster.clock.forward(Duration.ofMinutes(31));
    cluster.await(
        "sleep",
        () -> {
          supervise.run();
          return cluster.phase(kept).equals("Idle") && cluster.podUid(kept).equals("none");
        });
    cluster.use(kept);
    awaitReady(kept, supervise);

    assertThat(cluster.gateway.resource(kept).get().getStatus().failures())
        .satisfies(failures -> assertThat(failures).isNotNull())
        .extracting("count")
        .isEqualTo(1);
    assertOnlyThese(List.of(kept));
  }

  @Test
  void survivesWatchesThatEndAndExpire() {
    cluster.operator();
    var made = new ArrayList<McpInstance>();

    for (int i = 0; i < 30; i++) {
      made.add(cluster.create("user:" + i));
      if (i % 3 == 0) {
        cluster.api.closeWatches();
      }
      if (i % 7 == 0) {
        cluster.api.expireWatches();
      }
    }
    made.forEach(instance -> cluster.awaitPhase(instance, Phase.READY));
    List<McpInstance> gone = made.subList(0, 10);
    gone.forEach(instance -> {
      List<StatusDetails> _ = cluster.gateway.resource(instance).delete();
    });
    cluster.api.expireWatches();

    cluster.await("20 pods", () -> cluster.api.objects().list(Kind.POD).size() == 20);
    assertOnlyThese(made.subList(10, 30));
  }

  /// The use is seen before the end of the pod is.
  @Test
  void takesNoPodForReadyThatIsGone() throws InterruptedException {
    cluster.operator();
    McpInstance instance = cluster.create("user:1");
    cluster.awaitPhase(instance, Phase.READY);
    String first = cluster.podUid(instance);
    cluster.api.mute(Kind.POD);
    cluster.clock.forward(Duration.ofMinutes(31));
    cluster.awaitPhase(instance, Phase.IDLE);
    cluster.await("the pod to go", () -> cluster.podUid(instance).equals("none"));

    cluster.use(instance);
    cluster.awaitPhase(instance, Phase.READY);

    assertThat(cluster.podUid(instance)).isNotIn(first, "none");
    cluster.api.unmute(Kind.POD);
    assertOnlyThese(List.of(instance));
    cluster.awaitPhase(instance, Phase.READY);
  }

  /// The end of the pod was seen to begin, and never to be over.
  @Test
  void waitsForNoPodThatIsGone() throws InterruptedException {
    cluster.operator();
    McpInstance instance = cluster.create("user:1");
    cluster.awaitPhase(instance, Phase.READY);
    cluster.kubelet.close();
    cluster.clock.forward(Duration.ofMinutes(31));
    cluster.awaitPhase(instance, Phase.IDLE);
    cluster.use(instance);
    cluster.await(
        "the pod to be seen leaving",
        () -> {
          String message = cluster.gateway.resource(instance).get().getStatus().message();
          return message != null && message.contains("ending");
        });

    cluster.api.mute(Kind.POD);
    try (var _ = Kubelet.start(cluster.api, cluster.clock)) {
      cluster.awaitPhase(instance, Phase.READY);
    }

    cluster.api.unmute(Kind.POD);
    assertOnlyThese(List.of(instance));
  }

  @Test
  void survivesListsAndWatchesThatFailAtFirst() {
    var refused = new AtomicInteger();
    cluster.api.decide(
        guarded(request ->
            request.method().equals("GET")
                    && request.name().isEmpty()
                    && refused.incrementAndGet() <= 20
                ? refused.get() % 2 == 0 ? Fate.ERROR : Fate.BROKEN
                : Fate.DONE));

    cluster.operator();
    McpInstance instance = cluster.create("user:1");

    cluster.awaitPhase(instance, Phase.READY);
    assertThat(refused.get()).isGreaterThan(20);
  }

  @Test
  void survivesAnApiServerThatRefusesAThirdOfAllRequests() {
    var random = new Random(11);
    cluster.api.decide(
        guarded(request -> {
          if (request.watch()) {
            return Fate.DONE;
          }
          return switch (random.nextInt(15)) {
            case 0 -> Fate.CONFLICT;
            case 1 -> Fate.ERROR;
            case 2 -> Fate.TOO_MANY;
            case 3 -> Fate.BROKEN;
            case 4 -> Fate.UNANSWERED;
            default -> Fate.DONE;
          };
        }));
    cluster.operator();
    var made = new ArrayList<McpInstance>();
    for (int i = 0; i < 15; i++) {
      made.add(cluster.create(new Draft("user:" + i).idleTtl("10m").build()));
    }

    made.forEach(instance -> cluster.awaitPhase(instance, Phase.READY));
    cluster.clock.forward(Duration.ofMinutes(11));
    made.forEach(instance -> cluster.awaitPhase(instance, Phase.IDLE));
    cluster.await("no pod", () -> cluster.api.objects().list(Kind.POD).isEmpty());
    made.forEach(cluster::use);

    made.forEach(instance -> cluster.awaitPhase(instance, Phase.READY));
    assertOnlyThese(made);
  }

  @Test
  void survivesAnApiServerThatIsAwayForLongerThanItsLease() {
    var replica = cluster.operator();
    McpInstance before = cluster.create("before");
    cluster.awaitPhase(before, Phase.READY);

    cluster.api.decide(
        request -> request.token().equals(replica.token()) ? Fate.BROKEN : Fate.DONE);
    cluster.api.closeWatches();
    cluster.await("the lease to be lost", () -> !replica.operator().leading());
    McpInstance during = cluster.create("during");
    List<StatusDetails> _ = cluster.gateway.resource(before).delete();
    cluster.api.decide(guarded(_ -> Fate.DONE));

    cluster.awaitPhase(during, Phase.READY);
    cluster.await("the other to go", () -> cluster.api.objects().list(Kind.POD).size() == 1);
    assertOnlyThese(List.of(during));
  }

  @Test
  void makesAndRemovesNothingTwiceWithTwoThatBelieveToLead() {
    var one = cluster.lonely();
    var other = cluster.lonely();
    cluster.await("both to act", () -> one.synced() && other.synced());
    var made = new ArrayList<McpInstance>();
    for (int i = 0; i < 20; i++) {
      made.add(cluster.create(new Draft("user:" + i).idleTtl("10m").build()));
    }

    made.forEach(instance -> cluster.awaitPhase(instance, Phase.READY));
    assertOnlyThese(made);
    List<String> pods = made.stream().map(cluster::podUid).toList();
    made.forEach(cluster::use);
    McpInstance last = cluster.create("last");
    cluster.awaitPhase(last, Phase.READY);

    assertThat(made.stream().map(cluster::podUid).toList()).isEqualTo(pods);
  }

  private void awaitReady(McpInstance instance, Runnable supervise) {
    cluster.await(
        instance.getSpec().subjectKey() + " to be ready",
        () -> {
          supervise.run();
          var seen = cluster.gateway.resource(instance).get();
          return seen.getStatus() != null
              && seen.getStatus().phase() == Phase.READY
              && seen.getMetadata().getGeneration().equals(seen.getStatus().observedGeneration());
        });
  }

  /// No pod is made before there are walls around it. Only operators meet with bad luck.
  private ApiServer.Fates guarded(ApiServer.Fates fates) {
    return request -> {
      if (!request.token().startsWith("operator")) {
        return Fate.DONE;
      }
      if (isPod(request) && cluster.api.objects().list(Kind.POLICY).isEmpty()) {
        faults.add("a pod without walls");
      }
      return fates.of(request);
    };
  }

  private static boolean isPod(Request request) {
    return request.kind() == Kind.POD && request.method().equals("POST");
  }

  private void assertOnlyThese(List<McpInstance> instances) {
    List<String> names =
        instances.stream().map(instance -> instance.getMetadata().getName()).sorted().toList();
    for (Kind kind : List.of(Kind.POD, Kind.SERVICE, Kind.POLICY, Kind.INSTANCE)) {
      cluster.await(
          "just one of each kind for each instance; there are " + kind,
          () ->
              cluster.api.objects().list(kind).stream()
                  .map(one -> one.at("/metadata/name").asString())
                  .toList()
                  .equals(names));
    }
    assertThat(faults).isEmpty();
  }
}
