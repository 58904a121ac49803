package io.reflow.operator.reconcile;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.crd.McpInstanceStatus;
import io.reflow.operator.crd.McpInstanceStatus.Condition;
import io.reflow.operator.crd.McpInstanceStatus.Phase;
import io.reflow.operator.desired.Admission;
import io.reflow.operator.desired.Admission.Refusal;
import io.reflow.operator.desired.DesiredNetworkPolicy;
import io.reflow.operator.desired.DesiredPod;
import io.reflow.operator.desired.DesiredService;
import io.reflow.operator.desired.PodRules;
import io.reflow.operator.health.Metrics;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Brings the cluster one step closer to what an instance asks for.
///
/// May end, or be ended, between any two steps: it remembers nothing, and whatever it has done is
/// seen next time. The order is what counts: walls before the pod, the count of a failure before
/// the failed pod goes.
final class Reconciler {

  /// How soon to look again at what the watches have not told yet.
  private static final Duration UNSEEN = Duration.ofSeconds(1);

  private final Cluster cluster;
  private final PodRules rules;
  private final Admission admission;
  private final Life life;
  private final Orphans orphans;
  private final Announcer announcer;
  private final Metrics metrics;
  private final InstantSource clock;

  Reconciler(
      Cluster cluster,
      PodRules rules,
      Limits limits,
      Announcer announcer,
      Metrics metrics,
      InstantSource clock) {
    this.cluster = cluster;
    this.rules = rules;
    this.admission = new Admission(rules);
    this.life = new Life(rules, limits);
    this.orphans = new Orphans(cluster);
    this.announcer = announcer;
    this.metrics = metrics;
    this.clock = clock;
  }

  /// Returns when to come again even if nothing happens.
  Optional<Instant> reconcile(String name) {
    orphans.removeOf(name);
    Optional<McpInstance> found =
        cluster
            .instance(name)
            .filter(instance -> instance.getMetadata().getDeletionTimestamp() == null);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    McpInstance instance = found.get();
    Optional<Pod> pod = cluster.pod(name);
    Instant now = clock.instant();
    Optional<Refusal> refusal = admission.refuses(instance);
    if (refusal.isPresent()) {
      write(instance, StatusOf.refused(instance, refusal.get(), now), now);
      pod.filter(running -> !leaving(running)).ifPresent(this::remove);
      return Optional.empty();
    }
    build(instance);
    Verdict verdict = life.decide(instance, pod, now);
    boolean changesReady = (verdict.phase() == Phase.READY) != isReady(instance);
    if (changesReady || pod.filter(Reconciler::leaving).isPresent()) {
      // Others act on the one, and wait for the end of the other: what was seen of the pod may be
      // older than what was told.
      pod = cluster.askForPod(name);
      verdict = life.decide(instance, pod, now);
    }
    write(instance, StatusOf.verdict(instance, pod, verdict, now), now);
    return switch (verdict.step()) {
      case NONE -> verdict.again();
      case REMOVE_POD -> {
        remove(pod.orElseThrow());
        yield verdict.again();
      }
      case MAKE_POD -> make(instance, now).or(verdict::again);
    };
  }

  /// Returns when to come again if there is a pod already that was not seen yet.
  private Optional<Instant> make(McpInstance instance, Instant now) {
    if (cluster.create(DesiredPod.of(instance, rules))) {
      metrics.podMade();
      return Optional.empty();
    }
    Optional<Pod> pod = cluster.askForPod(instance.getMetadata().getName());
    Verdict verdict = life.decide(instance, pod, now);
    write(instance, StatusOf.verdict(instance, pod, verdict, now), now);
    if (verdict.step() == Verdict.Step.REMOVE_POD) {
      pod.ifPresent(this::remove);
    }
    return Optional.of(now.plus(UNSEEN));
  }

  private static boolean isReady(McpInstance instance) {
    return instance.getStatus() != null && instance.getStatus().phase() == Phase.READY;
  }

  private static boolean leaving(Pod pod) {
    return pod.getMetadata().getDeletionTimestamp() != null;
  }

  private void remove(Pod pod) {
    cluster.remove(pod);
    metrics.podRemoved();
  }

  private void build(McpInstance instance) {
    String name = instance.getMetadata().getName();
    NetworkPolicy policy = DesiredNetworkPolicy.of(instance, rules);
    if (cluster.policy(name).filter(is -> DesiredNetworkPolicy.matches(policy, is)).isEmpty()) {
      cluster.apply(policy);
    }
    Service service = DesiredService.of(instance);
    if (cluster.service(name).filter(is -> DesiredService.matches(service, is)).isEmpty()) {
      cluster.apply(service);
    }
  }

  private void write(McpInstance instance, McpInstanceStatus status, Instant now) {
    if (status.equals(instance.getStatus())) {
      return;
    }
    McpInstance written = cluster.writeStatus(instance, status);
    String reason = reason(status);
    if (!reason.equals(reason(instance.getStatus()))) {
      String message = status.message() == null ? "The server answers" : status.message();
      announcer.tell(written, status.phase() == Phase.FAILED, reason, message, now);
    }
  }

  private static String reason(@Nullable McpInstanceStatus status) {
    List<Condition> conditions =
        status == null || status.conditions() == null ? List.of() : status.conditions();
    return conditions.stream()
        .filter(condition -> condition.type().equals("Ready"))
        .map(Condition::reason)
        .findFirst()
        .orElse("");
  }
}
