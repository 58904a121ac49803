package io.reflow.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.StatusDetails;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.crd.McpInstanceStatus.Phase;
import io.reflow.operator.testing.Instances;
import io.reflow.operator.testing.Instances.Draft;
import io.reflow.operator.testing.Kind;
import io.reflow.operator.testing.Kubelet.Fate;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LifeOfAnInstanceTest {

  private final OperatorFixture cluster = new OperatorFixture();

  @AfterEach
  void close() throws Exception {
    cluster.close();
  }

  @Test
  void runsAPodBehindAServiceAndAPolicy() {
    cluster.operator();

    McpInstance instance = cluster.create("user:1");

    cluster.awaitPhase(instance, Phase.READY);
    McpInstance seen = cluster.gateway.resource(instance).get();
    String name = instance.getMetadata().getName();
    assertThat(seen.getStatus().serviceURL()).isEqualTo("http://" + name + ".mcp.svc:3001");
    assertThat(seen.getStatus().podName()).isEqualTo(name);
    assertThat(seen.getStatus().observedGeneration()).isEqualTo(1);
    assertThat(seen.getStatus().message()).isNull();
    assertThat(seen.getStatus().conditions()).allMatch(one -> one.status().equals("True"));
    assertThat(cluster.api.objects().list(Kind.SERVICE)).hasSize(1);
    assertThat(cluster.api.objects().list(Kind.POLICY)).hasSize(1);
    cluster.await("an event", () -> !cluster.api.objects().list(Kind.EVENT).isEmpty());
  }

  @Test
  void takesAllAwayWithTheInstance() {
    cluster.operator();
    McpInstance instance = cluster.create("user:1");
    cluster.awaitPhase(instance, Phase.READY);

    List<StatusDetails> _ = cluster.gateway.resource(instance).delete();

    cluster.await("nothing to be left", this::nothingIsLeft);
  }

  @Test
  void takesAwayWhatHasLostItsOwner() {
    cluster.operator();
    McpInstance instance = cluster.create("user:1");
    cluster.awaitPhase(instance, Phase.READY);

    List<StatusDetails> _ =
        cluster
            .gateway
            .resource(instance)
            .withPropagationPolicy(DeletionPropagation.ORPHAN)
            .delete();

    cluster.await("nothing to be left", this::nothingIsLeft);
  }

  @Test
  void beginsAnewWithAnInstanceOfTheSameName() {
    cluster.operator();
    McpInstance instance = cluster.create("user:1");
    cluster.awaitPhase(instance, Phase.READY);
    String first = cluster.podUid(instance);

    List<StatusDetails> _ = cluster.gateway.resource(instance).delete();
    McpInstance again = cluster.create("user:1");

    cluster.awaitPhase(again, Phase.READY);
    assertThat(cluster.podUid(again)).isNotIn(first, "none");
    for (Kind kind : List.of(Kind.POD, Kind.SERVICE, Kind.POLICY)) {
      cluster.await(
          "all to belong to the new one",
          () ->
              cluster.api.objects().list(kind).stream()
                  .allMatch(thing ->
                      thing
                          .at("/metadata/ownerReferences/0/uid")
                          .asString()
                          .equals(again.getMetadata().getUid())));
    }
  }

  @Test
  void sleepsWhenUnusedAndWakesOnUse() {
    cluster.operator();
    McpInstance instance = cluster.create(new Draft("user:1").idleTtl("10m").build());
    McpInstance unused = cluster.create(new Draft("user:2").idleTtl("10m").build());
    cluster.awaitPhase(instance, Phase.READY);
    cluster.awaitPhase(unused, Phase.READY);
    String first = cluster.podUid(instance);

    cluster.clock.forward(Duration.ofMinutes(9));
    cluster.use(instance);
    cluster.clock.forward(Duration.ofMinutes(9));
    cluster.awaitPhase(unused, Phase.IDLE);
    assertThat(cluster.podUid(instance)).isEqualTo(first);

    cluster.clock.forward(Duration.ofMinutes(11));
    cluster.awaitPhase(instance, Phase.IDLE);
    cluster.await("the pod to go", () -> cluster.podUid(instance).equals("none"));
    assertThat(cluster.api.objects().list(Kind.SERVICE)).hasSize(2);

    cluster.use(instance);
    cluster.awaitPhase(instance, Phase.READY);
    assertThat(cluster.podUid(instance)).isNotIn(first, "none");
  }

  @Test
  void replacesAPodThatIsPastItsLifetime() {
    cluster.operator();
    McpInstance instance =
        cluster.create(new Draft("user:1").idleTtl("0s").maxLifetime("8h").build());
    cluster.awaitPhase(instance, Phase.READY);
    String first = cluster.podUid(instance);

    cluster.clock.forward(Duration.ofHours(8));

    cluster.await("another pod", () -> !List.of(first, "none").contains(cluster.podUid(instance)));
    cluster.awaitPhase(instance, Phase.READY);
  }

  @Test
  void replacesThePodWhenTheCredentialChanges() {
    cluster.operator();
    String name = Instances.of("user:1").getMetadata().getName();
    McpInstance instance = cluster.create(new Draft("user:1").secretRef(name + ".r1").build());
    cluster.awaitPhase(instance, Phase.READY);
    String first = cluster.podUid(instance);

    cluster.change(instance, "secretRef", name + ".r2");

    cluster.await("another pod", () -> !List.of(first, "none").contains(cluster.podUid(instance)));
    cluster.await(
        "ready with the new credential",
        () -> {
          var status = cluster.gateway.resource(instance).get().getStatus();
          return status.phase() == Phase.READY
              && Long.valueOf(2).equals(status.observedGeneration());
        });
  }

  @Test
  void bringsBackAPodThatSomebodyDeleted() {
    cluster.operator();
    McpInstance instance = cluster.create("user:1");
    cluster.awaitPhase(instance, Phase.READY);
    String first = cluster.podUid(instance);

    List<StatusDetails> _ =
        cluster.gateway.pods().withName(instance.getMetadata().getName()).delete();

    cluster.await("another pod", () -> !List.of(first, "none").contains(cluster.podUid(instance)));
    cluster.awaitPhase(instance, Phase.READY);
  }

  @Test
  void mendsAPolicyThatSomebodyWidened() {
    cluster.operator();
    McpInstance instance = cluster.create("user:1");
    cluster.awaitPhase(instance, Phase.READY);
    var policies = cluster.gateway.network().v1().networkPolicies();
    var policy = policies.withName(instance.getMetadata().getName()).get();

    policy.getSpec().setPolicyTypes(List.of("Ingress"));
    policy.getSpec().setIngress(List.of());
    var _ = cluster.gateway.resource(policy).update();

    cluster.await(
        "the walls to be whole again",
        () -> {
          var spec = policies.withName(instance.getMetadata().getName()).get().getSpec();
          return spec.getPolicyTypes().size() == 2 && spec.getIngress().size() == 1;
        });
  }

  @Test
  void givesUpAfterSomeFailuresUntilSomebodyAsksAgain() {
    cluster.operator();
    cluster.kubelet.decide(_ -> Fate.EXITS);
    McpInstance instance = cluster.create("user:1");

    for (int failures = 1; failures < 3; failures++) {
      int count = failures;
      cluster.await("failure " + count, () -> failures(instance) == count);
      cluster.clock.forward(Duration.ofMinutes(1));
    }
    cluster.awaitPhase(instance, Phase.FAILED);
    String last = cluster.podUid(instance);
    cluster.clock.forward(Duration.ofMinutes(12));
    cluster.kubelet.decide(_ -> Fate.READY);
    cluster.use(instance);

    cluster.awaitPhase(instance, Phase.READY);
    assertThat(cluster.podUid(instance)).isNotIn(last, "none");
    cluster.clock.forward(Duration.ofMinutes(11));
    cluster.await("the failures to be forgotten", () -> failures(instance) == 0);
  }

  @Test
  void replacesAPodThatDoesNotStart() {
    cluster.operator();
    cluster.kubelet.decide(_ -> Fate.HANGS);
    McpInstance instance = cluster.create("user:1");
    cluster.await("a pod", () -> !cluster.podUid(instance).equals("none"));

    cluster.clock.forward(Duration.ofMinutes(6));
    cluster.await("the failure", () -> failures(instance) == 1);
    cluster.kubelet.decide(_ -> Fate.READY);
    cluster.clock.forward(Duration.ofMinutes(1));

    cluster.awaitPhase(instance, Phase.READY);
  }

  @Test
  void refusesWhatIsNotAllowedAndSaysWhy() {
    cluster.operator();

    McpInstance image = cluster.create(new Draft("a").image("docker.io/evil/x").build());
    McpInstance account = cluster.create(new Draft("b").serviceAccount("admin").build());
    McpInstance runtime = cluster.create(new Draft("c").runtimeClass("runc").build());

    for (McpInstance refused : List.of(image, account, runtime)) {
      cluster.awaitPhase(refused, Phase.FAILED);
      assertThat(cluster.gateway.resource(refused).get().getStatus().message()).isNotBlank();
    }
    assertThat(cluster.api.objects().list(Kind.POD)).isEmpty();
  }

  @Test
  void endsThePodOfWhatIsNoLongerAllowed() {
    cluster.operator();
    McpInstance instance = cluster.create("user:1");
    cluster.awaitPhase(instance, Phase.READY);

    cluster.change(instance, "image", "docker.io/evil/x");

    cluster.awaitPhase(instance, Phase.FAILED);
    cluster.await("the pod to go", () -> cluster.podUid(instance).equals("none"));
  }

  @Test
  void theApiServerRefusesWhatTheSchemaDoes() {
    McpInstance other = Instances.of("user:1");
    other.getMetadata().setName(Instances.of("user:2").getMetadata().getName());
    McpInstance foreign = Instances.of(new Draft("user:3").secretRef("other.r1").build());
    foreign.getMetadata().setName("mine");

    assertThatThrownBy(() -> cluster.gateway.resource(foreign).create())
        .hasMessageContaining("derived from targetID")
        .hasMessageContaining("own Secret");
    // The schema can't compute names; the operator does.
    McpInstance made = cluster.gateway.resource(other).create();
    cluster.operator();
    cluster.awaitPhase(made, Phase.FAILED);
  }

  private int failures(McpInstance instance) {
    var status = cluster.gateway.resource(instance).get().getStatus();
    return status == null || status.failures() == null ? 0 : status.failures().count();
  }

  private boolean nothingIsLeft() {
    return cluster.api.objects().list(Kind.POD).isEmpty()
        && cluster.api.objects().list(Kind.SERVICE).isEmpty()
        && cluster.api.objects().list(Kind.POLICY).isEmpty();
  }
}
