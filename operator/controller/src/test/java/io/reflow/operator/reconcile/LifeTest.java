package io.reflow.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.crd.McpInstanceStatus;
import io.reflow.operator.crd.McpInstanceStatus.Failures;
import io.reflow.operator.crd.McpInstanceStatus.Phase;
import io.reflow.operator.desired.DesiredPod;
import io.reflow.operator.desired.Lifetimes;
import io.reflow.operator.desired.TestRules;
import io.reflow.operator.queue.Backoff;
import io.reflow.operator.reconcile.Verdict.Step;
import io.reflow.operator.testing.Instances;
import io.reflow.operator.testing.Instances.Draft;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LifeTest {

  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final Life life =
      new Life(
          TestRules.rules(),
          new Limits(
              Duration.ofMinutes(5),
              3,
              new Backoff(Duration.ofSeconds(10), Duration.ofMinutes(5)),
              Duration.ofMinutes(10),
              Duration.ofMinutes(10)));
  private final McpInstance instance =
      Instances.stored(new Draft("a").idleTtl("1h").maxLifetime("8h").build(), START.toString());

  @Test
  void makesAPodWhenThereIsNone() {
    Verdict verdict = life.decide(instance, Optional.empty(), START);

    assertThat(verdict.step()).isEqualTo(Step.MAKE_POD);
    assertThat(verdict.phase()).isEqualTo(Phase.PENDING);
    assertThat(verdict.again()).contains(after("1h"));
  }

  @Test
  void sleepsToTheSecond() {
    assertThat(life.decide(instance, Optional.of(ready()), after("59m59s")).phase())
        .isEqualTo(Phase.READY);

    Verdict verdict = life.decide(instance, Optional.of(ready()), after("1h"));

    assertThat(verdict.phase()).isEqualTo(Phase.IDLE);
    assertThat(verdict.step()).isEqualTo(Step.REMOVE_POD);
    assertThat(life.decide(instance, Optional.empty(), after("1h")).step()).isEqualTo(Step.NONE);
  }

  @Test
  void believesNoUseInTheFutureAndNoNonsense() {
    used("2036-01-01T00:00:00Z");
    assertThat(Life.lastUsed(instance, after("30m"))).isEqualTo(after("30m"));

    used("yesterday");
    assertThat(Life.lastUsed(instance, after("30m"))).isEqualTo(START);

    used("2025-12-31T23:00:00Z");
    assertThat(Life.lastUsed(instance, after("30m"))).isEqualTo(START);

    used("2026-01-01T01:10:00+01:00");
    assertThat(Life.lastUsed(instance, after("30m"))).isEqualTo(after("10m"));
  }

  @Test
  void replacesAPodAtTheEndOfItsLifetimeAndLooksAgainThen() {
    used(after("7h30m").toString());
    assertThat(life.decide(instance, Optional.of(ready()), after("7h59m")).again())
        .contains(after("8h"));

    Verdict verdict = life.decide(instance, Optional.of(ready()), after("8h"));

    assertThat(verdict.step()).isEqualTo(Step.REMOVE_POD);
    assertThat(verdict.phase()).isEqualTo(Phase.PENDING);
  }

  @Test
  void countsAPodOnce() {
    Verdict first = life.decide(instance, Optional.of(ended("u1", "1s")), after("1m"));
    assertThat(first.failures()).isNotNull().extracting(Failures::count).isEqualTo(1);
    assertThat(first.step()).isEqualTo(Step.NONE);
    assertThat(first.again()).contains(after("1m10s"));

    remember(first.failures());
    Verdict second = life.decide(instance, Optional.of(ended("u1", "1s")), after("1m5s"));
    assertThat(second.failures()).isEqualTo(first.failures());

    Verdict due = life.decide(instance, Optional.of(ended("u1", "1s")), after("1m10s"));
    assertThat(due.step()).isEqualTo(Step.REMOVE_POD);
    assertThat(due.failures()).isEqualTo(first.failures());
  }

  @Test
  void waitsAlsoWhenTheFailedPodIsGone() {
    remember(failures(1, "u1", "1m10s"));

    assertThat(life.decide(instance, Optional.empty(), after("1m")).step()).isEqualTo(Step.NONE);
    assertThat(life.decide(instance, Optional.empty(), after("1m10s")).step())
        .isEqualTo(Step.MAKE_POD);
  }

  @Test
  void givesUpUntilAUseAfterARest() {
    remember(failures(2, "u2", "1m"));
    Verdict last = life.decide(instance, Optional.of(ended("u3", "1s")), after("2m"));
    assertThat(last.phase()).isEqualTo(Phase.FAILED);
    remember(last.failures());

    assertThat(life.decide(instance, Optional.of(ended("u3", "1s")), after("30m")).phase())
        .isEqualTo(Phase.FAILED);
    used(after("5m").toString());
    assertThat(life.decide(instance, Optional.of(ended("u3", "1s")), after("11m")).step())
        .isEqualTo(Step.NONE);
    assertThat(life.decide(instance, Optional.of(ended("u3", "1s")), after("12m")).step())
        .isEqualTo(Step.REMOVE_POD);
  }

  @Test
  void beginsAnewAfterAGoodRunAndWithAnotherSpec() {
    remember(failures(2, "u2", "1m"));
    assertThat(life.decide(instance, Optional.of(ended("u3", "10m")), after("20m")).failures())
        .isNotNull()
        .extracting(Failures::count)
        .isEqualTo(1);

    instance.getMetadata().setGeneration(2L);
    assertThat(life.decide(instance, Optional.empty(), START).step()).isEqualTo(Step.MAKE_POD);
    assertThat(life.decide(instance, Optional.empty(), START).failures()).isNull();
  }

  @Test
  void countsNoPodThatTheClusterMovedAway() {
    Pod pod =
        new PodBuilder(ended("u1", "1s"))
            .editStatus()
            .addNewCondition()
            .withType("DisruptionTarget")
            .withStatus("True")
            .endCondition()
            .endStatus()
            .build();

    Verdict verdict = life.decide(instance, Optional.of(pod), after("1m"));

    assertThat(verdict.step()).isEqualTo(Step.REMOVE_POD);
    assertThat(verdict.failures()).isNull();
  }

  @Test
  void waitsForAPodThatIsLeavingWhateverItWas() {
    Pod pod = ready();
    pod.getMetadata().setDeletionTimestamp(START.toString());

    assertThat(life.decide(instance, Optional.of(pod), after("1m")).step()).isEqualTo(Step.NONE);
    assertThat(life.decide(instance, Optional.of(pod), after("2h")).step()).isEqualTo(Step.NONE);
  }

  @Test
  void takesAPodOfAnEarlierInstanceForNoneOfItsOwn() {
    Pod pod = ready();
    pod.getMetadata().getOwnerReferences().getFirst().setUid("earlier");

    assertThat(life.decide(instance, Optional.of(pod), after("1m")).step())
        .isEqualTo(Step.REMOVE_POD);
  }

  private static Instant after(String time) {
    return START.plus(Lifetimes.parse(time));
  }

  private static Failures failures(int count, String pod, String retry) {
    return new Failures(count, pod, 1, START.toString(), after(retry).toString());
  }

  private void used(String when) {
    instance.getMetadata().setAnnotations(Map.of(McpInstance.LAST_USED_AT, when));
  }

  private void remember(@Nullable Failures failures) {
    instance.setStatus(
        new McpInstanceStatus(Phase.PENDING, null, null, null, null, null, 1L, null, failures));
  }

  private Pod ready() {
    return new PodBuilder(pod("u0"))
        .withNewStatus()
        .withPhase("Running")
        .addNewCondition()
        .withType("Ready")
        .withStatus("True")
        .withLastTransitionTime(START.toString())
        .endCondition()
        .endStatus()
        .build();
  }

  private Pod ended(String uid, String ran) {
    return new PodBuilder(pod(uid))
        .withNewStatus()
        .withPhase("Failed")
        .addNewContainerStatus()
        .withNewState()
        .withNewTerminated()
        .withExitCode(1)
        .withStartedAt(START.toString())
        .withFinishedAt(after(ran).toString())
        .endTerminated()
        .endState()
        .endContainerStatus()
        .endStatus()
        .build();
  }

  private Pod pod(String uid) {
    return new PodBuilder(DesiredPod.of(instance, TestRules.rules()))
        .editMetadata()
        .withUid(uid)
        .withCreationTimestamp(START.toString())
        .endMetadata()
        .build();
  }
}
