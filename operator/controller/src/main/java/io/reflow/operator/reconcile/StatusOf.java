package io.reflow.operator.reconcile;

import io.fabric8.kubernetes.api.model.Pod;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.crd.McpInstanceStatus;
import io.reflow.operator.crd.McpInstanceStatus.Condition;
import io.reflow.operator.crd.McpInstanceStatus.Phase;
import io.reflow.operator.desired.Admission.Refusal;
import io.reflow.operator.desired.DesiredService;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The status that follows from a verdict; equal to the one before when nothing has changed.
final class StatusOf {

  /// How far the status may be behind the gateway's notes of uses, which come every minute.
  private static final Duration USE_LAG = Duration.ofMinutes(5);

  private static final String ACCEPTED = "Accepted";
  private static final String READY = "Ready";

  private StatusOf() {}

  static McpInstanceStatus verdict(
      McpInstance instance, Optional<Pod> pod, Verdict verdict, Instant now) {
    var conditions =
        List.of(
            condition(instance, ACCEPTED, true, "Accepted", null, now),
            condition(
                instance,
                READY,
                verdict.phase() == Phase.READY,
                verdict.reason(),
                verdict.message(),
                now));
    return new McpInstanceStatus(
        verdict.phase(),
        conditions,
        pod.map(found -> found.getMetadata().getName()).orElse(null),
        DesiredService.url(instance),
        pod.map(found -> found.getMetadata().getCreationTimestamp()).orElse(null),
        lastUsed(instance, verdict.phase(), now),
        instance.getMetadata().getGeneration(),
        verdict.message(),
        verdict.failures());
  }

  static McpInstanceStatus refused(McpInstance instance, Refusal refusal, Instant now) {
    var conditions =
        List.of(
            condition(instance, ACCEPTED, false, refusal.reason(), refusal.message(), now),
            condition(instance, READY, false, refusal.reason(), refusal.message(), now));
    return new McpInstanceStatus(
        Phase.FAILED,
        conditions,
        null,
        null,
        null,
        lastUsed(instance, Phase.FAILED, now),
        instance.getMetadata().getGeneration(),
        refusal.message(),
        null);
  }

  private static String lastUsed(McpInstance instance, Phase phase, Instant now) {
    Instant used = Life.lastUsed(instance, now);
    McpInstanceStatus before = instance.getStatus();
    if (before != null && before.phase() == phase && before.lastUsedAt() != null) {
      Instant told = Times.read(before.lastUsedAt(), Instant.EPOCH);
      if (!used.isBefore(told) && used.isBefore(told.plus(USE_LAG))) {
        return before.lastUsedAt();
      }
    }
    return Times.write(used);
  }

  private static Condition condition(
      McpInstance instance,
      String type,
      boolean is,
      String reason,
      @Nullable String message,
      Instant now) {
    String status = is ? "True" : "False";
    McpInstanceStatus before = instance.getStatus();
    List<Condition> earlier =
        before == null || before.conditions() == null ? List.of() : before.conditions();
    String since =
        earlier.stream()
            .filter(one -> one.type().equals(type) && one.status().equals(status))
            .map(Condition::lastTransitionTime)
            .findFirst()
            .orElseGet(() -> Times.write(now));
    return new Condition(
        type, status, reason, message, since, instance.getMetadata().getGeneration());
  }
}
