package io.reflow.operator.reconcile;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.desired.DesiredPod;
import io.reflow.operator.desired.Labels;
import io.reflow.operator.desired.Revision;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What a pod is up to, as far as its instance is concerned.
sealed interface PodState {

  record Absent() implements PodState {}

  /// On its way out; its name is not free yet.
  record Leaving() implements PodState {}

  /// Of an earlier instance of the name, or made for another spec.
  record Outdated(String why) implements PodState {}

  /// Ended through no fault of its own.
  record Displaced(String why) implements PodState {}

  /// Ended; `ran` is how long its server did.
  record Ended(String why, Duration ran) implements PodState {}

  /// Not ready, since then.
  record Starting(Instant since, String why) implements PodState {}

  record Ready(Instant since) implements PodState {}

  static PodState of(McpInstance instance, Optional<Pod> found) {
    if (found.isEmpty()) {
      return new Absent();
    }
    Pod pod = found.get();
    if (pod.getMetadata().getDeletionTimestamp() != null) {
      return new Leaving();
    }
    if (!Labels.owns(instance, pod)) {
      return new Outdated("it was made for an earlier instance of this name");
    }
    String revision = pod.getMetadata().getAnnotations().get(DesiredPod.REVISION);
    if (!Revision.of(instance.getSpec()).equals(revision)) {
      return new Outdated("the instance has changed");
    }
    String phase = pod.getStatus() == null ? "" : pod.getStatus().getPhase();
    if (Objects.equals(phase, "Failed") || Objects.equals(phase, "Succeeded")) {
      return ended(pod);
    }
    PodCondition ready = condition(pod, "Ready");
    Instant created = Instant.parse(pod.getMetadata().getCreationTimestamp());
    Instant since = ready == null ? created : Times.read(ready.getLastTransitionTime(), created);
    return ready != null && Objects.equals(ready.getStatus(), "True")
        ? new Ready(since)
        : new Starting(since.isBefore(created) ? created : since, waiting(pod));
  }

  private static PodState ended(Pod pod) {
    PodCondition disruption = condition(pod, "DisruptionTarget");
    if (disruption != null && Objects.equals(disruption.getStatus(), "True")) {
      return new Displaced("the cluster needed its place");
    }
    String reason = pod.getStatus().getReason();
    if (Objects.equals(reason, "DeadlineExceeded")) {
      return new Displaced("it was past its lifetime");
    }
    return pod.getStatus().getContainerStatuses().stream()
        .map(ContainerStatus::getState)
        .filter(state -> state != null && state.getTerminated() != null)
        .findFirst()
        .map(PodState::ended)
        .orElseGet(() ->
            new Ended("the pod ended" + (reason == null ? "" : ": " + reason), Duration.ZERO));
  }

  private static PodState ended(ContainerState state) {
    var end = state.getTerminated();
    Instant from = Times.read(end.getStartedAt(), Instant.EPOCH);
    Instant to = Times.read(end.getFinishedAt(), from);
    String reason = end.getReason() == null ? "" : " (" + end.getReason() + ")";
    return new Ended(
        "the server ended with exit code " + end.getExitCode() + reason,
        from.equals(Instant.EPOCH) ? Duration.ZERO : Duration.between(from, to));
  }

  private static String waiting(Pod pod) {
    if (pod.getStatus() != null) {
      for (ContainerStatus container : pod.getStatus().getContainerStatuses()) {
        ContainerState state = container.getState();
        if (state != null && state.getWaiting() != null && state.getWaiting().getReason() != null) {
          return state.getWaiting().getReason();
        }
      }
      PodCondition scheduled = condition(pod, "PodScheduled");
      if (scheduled != null && Objects.equals(scheduled.getStatus(), "False")) {
        return "no node takes it: " + scheduled.getMessage();
      }
    }
    return "the server does not answer yet";
  }

  private static @Nullable PodCondition condition(Pod pod, String type) {
    if (pod.getStatus() == null) {
      return null;
    }
    return pod.getStatus().getConditions().stream()
        .filter(condition -> condition.getType().equals(type))
        .findFirst()
        .orElse(null);
  }
}
