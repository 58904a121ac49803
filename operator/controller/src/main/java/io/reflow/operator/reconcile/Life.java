package io.reflow.operator.reconcile;

import static io.reflow.operator.crd.McpInstanceStatus.Phase.FAILED;
import static io.reflow.operator.crd.McpInstanceStatus.Phase.IDLE;
import static io.reflow.operator.crd.McpInstanceStatus.Phase.PENDING;
import static io.reflow.operator.crd.McpInstanceStatus.Phase.READY;
import static io.reflow.operator.reconcile.Verdict.Step.MAKE_POD;
import static io.reflow.operator.reconcile.Verdict.Step.NONE;
import static io.reflow.operator.reconcile.Verdict.Step.REMOVE_POD;

import io.fabric8.kubernetes.api.model.Pod;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.crd.McpInstanceStatus;
import io.reflow.operator.crd.McpInstanceStatus.Failures;
import io.reflow.operator.desired.Lifetimes;
import io.reflow.operator.desired.PodRules;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The life of an instance: what comes next, from nothing but what is seen and the time.
///
/// What must outlive the operator is in the instance's status, so that another operator decides the
/// same.
final class Life {

  private final PodRules rules;
  private final Limits limits;

  Life(PodRules rules, Limits limits) {
    this.rules = rules;
    this.limits = limits;
  }

  Verdict decide(McpInstance instance, Optional<Pod> pod, Instant now) {
    Optional<Instant> idleAt = idleAt(instance, now);
    @Nullable Failures failures = failures(instance);
    if (idleAt.isPresent() && !now.isBefore(idleAt.get())) {
      return Verdict.of(
              pod.isPresent() && alive(pod.get()) ? REMOVE_POD : NONE,
              IDLE,
              "Idle",
              "Nobody used it; the next use brings it back")
          .with(failures);
    }
    Verdict verdict =
        switch (PodState.of(instance, pod)) {
          case PodState.Absent() -> absent(instance, failures, now);
          case PodState.Leaving() ->
              pending(NONE, "PodLeaving", "The previous pod is ending").with(failures);
          case PodState.Outdated(var why) ->
              pending(REMOVE_POD, "Replacing", "The pod is replaced: " + why).with(failures);
          case PodState.Displaced(var why) ->
              pending(REMOVE_POD, "Replacing", "The pod is replaced: " + why).with(failures);
          case PodState.Ended(var why, var ran) ->
              failed(instance, pod.orElseThrow(), failures, why, ran, now);
          case PodState.Starting(var since, var why) ->
              starting(instance, pod.orElseThrow(), failures, since, why, now);
          case PodState.Ready(var since) ->
              ready(instance, pod.orElseThrow(), failures, since, now);
        };
    return verdict.lookAgain(idleAt);
  }

  /// When the instance was last used, as far as can be believed.
  static Instant lastUsed(McpInstance instance, Instant now) {
    Instant created = Times.read(instance.getMetadata().getCreationTimestamp(), now);
    Map<String, String> notes = instance.getMetadata().getAnnotations();
    String said = notes == null ? null : notes.get(McpInstance.LAST_USED_AT);
    Instant used = Times.read(said, created);
    Instant latest = used.isBefore(created) ? created : used;
    return latest.isAfter(now) ? now : latest;
  }

  private Optional<Instant> idleAt(McpInstance instance, Instant now) {
    return Lifetimes.of(instance.getSpec().idleTTL(), rules.idleTtl())
        .map(ttl -> lastUsed(instance, now).plus(ttl));
  }

  private static boolean alive(Pod pod) {
    return pod.getMetadata().getDeletionTimestamp() == null;
  }

  /// Those of this spec; another spec begins anew.
  private static @Nullable Failures failures(McpInstance instance) {
    McpInstanceStatus status = instance.getStatus();
    if (status == null || status.failures() == null) {
      return null;
    }
    long generation = instance.getMetadata().getGeneration();
    return status.failures().generation() == generation ? status.failures() : null;
  }

  private Verdict absent(McpInstance instance, @Nullable Failures failures, Instant now) {
    if (failures == null || mayTryAgain(instance, failures, now)) {
      return pending(MAKE_POD, "Starting", "The pod is being made").with(failures);
    }
    return waiting(NONE, failures, "The last pod failed", now);
  }

  private Verdict failed(
      McpInstance instance,
      Pod pod,
      @Nullable Failures earlier,
      String why,
      Duration ran,
      Instant now) {
    Failures failures = count(instance, pod, earlier, ran, now);
    if (mayTryAgain(instance, failures, now)) {
      return pending(REMOVE_POD, "Retrying", "The pod is replaced: " + why).with(failures);
    }
    // What has ended stays until then, for those who want to read its log.
    return waiting(NONE, failures, why, now);
  }

  private Verdict starting(
      McpInstance instance,
      Pod pod,
      @Nullable Failures earlier,
      Instant since,
      String why,
      Instant now) {
    Optional<Verdict> end = lifetimeOver(instance, pod, earlier, now);
    if (end.isPresent()) {
      return end.get();
    }
    Instant deadline = since.plus(limits.start());
    if (now.isBefore(deadline)) {
      return pending(NONE, "Starting", "Not ready: " + why)
          .with(earlier)
          .lookAgain(deadline)
          .lookAgain(endOf(instance, pod));
    }
    Failures failures = count(instance, pod, earlier, Duration.ZERO, now);
    return waiting(REMOVE_POD, failures, "not ready in time: " + why, now);
  }

  private Verdict ready(
      McpInstance instance, Pod pod, @Nullable Failures earlier, Instant since, Instant now) {
    Optional<Verdict> end = lifetimeOver(instance, pod, earlier, now);
    if (end.isPresent()) {
      return end.get();
    }
    Verdict verdict = Verdict.of(NONE, READY, "PodReady", null).lookAgain(endOf(instance, pod));
    Instant forgiven = since.plus(limits.stable());
    return earlier != null && now.isBefore(forgiven)
        ? verdict.with(earlier).lookAgain(forgiven)
        : verdict;
  }

  private Optional<Verdict> lifetimeOver(
      McpInstance instance, Pod pod, @Nullable Failures failures, Instant now) {
    return endOf(instance, pod)
        .filter(end -> !now.isBefore(end))
        .map(_ ->
            pending(REMOVE_POD, "Replacing", "The pod is replaced: it is past its lifetime")
                .with(failures));
  }

  private Optional<Instant> endOf(McpInstance instance, Pod pod) {
    return Lifetimes.of(instance.getSpec().maxLifetime(), rules.maxLifetime())
        .map(Instant.parse(pod.getMetadata().getCreationTimestamp())::plus);
  }

  /// Each pod counts once, however often it is looked at.
  private Failures count(
      McpInstance instance, Pod pod, @Nullable Failures earlier, Duration ran, Instant now) {
    String uid = pod.getMetadata().getUid();
    if (earlier != null && uid.equals(earlier.podUID())) {
      return earlier;
    }
    boolean ranWell = ran.compareTo(limits.stable()) >= 0;
    int count = earlier == null || ranWell ? 1 : earlier.count() + 1;
    Duration pause = count < limits.failures() ? limits.pauses().after(count) : limits.afterwards();
    return new Failures(
        count,
        uid,
        instance.getMetadata().getGeneration(),
        Times.write(now),
        Times.write(now.plus(pause)));
  }

  private boolean mayTryAgain(McpInstance instance, Failures failures, Instant now) {
    if (now.isBefore(Times.read(failures.retryAt(), now))) {
      return false;
    }
    return failures.count() < limits.failures()
        || lastUsed(instance, now).isAfter(Times.read(failures.at(), now));
  }

  private Verdict waiting(Verdict.Step step, Failures failures, String why, Instant now) {
    Instant retry = Times.read(failures.retryAt(), now);
    boolean givenUp = failures.count() >= limits.failures();
    String next = givenUp ? "a use after " + retry + " tries again" : "next try at " + retry;
    Verdict verdict =
        Verdict.of(
                step,
                givenUp ? FAILED : PENDING,
                givenUp ? "GivenUp" : "BackingOff",
                "Failed %d times, %s: %s".formatted(failures.count(), next, why))
            .with(failures);
    return now.isBefore(retry) ? verdict.lookAgain(retry) : verdict;
  }

  private static Verdict pending(Verdict.Step step, String reason, String message) {
    return Verdict.of(step, PENDING, reason, message);
  }
}
