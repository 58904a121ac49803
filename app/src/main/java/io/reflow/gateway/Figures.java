package io.reflow.gateway;

import io.reflow.gateway.audit.JournalState;
import io.reflow.gateway.database.PoolState;
import io.reflow.gateway.instance.InstanceStatus;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.telemetry.Metrics;
import io.reflow.gateway.telemetry.Metrics.Sample;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/// The figures that the parts of the gateway keep themselves, and that they are asked for when
/// somebody collects. None of them may block.
final class Figures {

  private static final String TARGET = "target";

  private final Parts parts;
  private final Metrics metrics;

  Figures(Parts parts, Metrics metrics) {
    this.parts = parts;
    this.metrics = metrics;
  }

  void register() {
    registerClients();
    registerTargets();
    registerReplicas();
    registerAudit();
    registerDatabase();
  }

  private void registerClients() {
    metrics.gauges(
        "reflow.sessions",
        "{session}",
        "Sessions of clients; in the stateless era each request has one of its own",
        "era",
        () ->
            Map.of(
                "initialize", parts.sessions().all().size(),
                "stateless", parts.sessions().calls().size()));
    metrics.gauge(
        "reflow.streams",
        "{stream}",
        "Streams that clients keep open beside their requests",
        () -> parts.streams().count());
    metrics.gauge(
        "reflow.suspended.calls",
        "{call}",
        "Calls that wait for their client",
        () -> parts.flights().count());
    metrics.gauges(
        "reflow.queue.depth",
        "{item}",
        "What waits for its turn",
        "queue",
        () ->
            Map.of(
                "database", pool().pending(),
                "passwords", parts.passwords().waiting(),
                "ended_sessions", parts.saved().endingCount()));
  }

  private void registerTargets() {
    metrics.gauges(
        "reflow.target.up",
        "",
        "Whether a target could be reached when it was last needed, if that was lately",
        () -> ofTargets(parts.contacts().lately(), up -> up ? 1 : 0));
    metrics.gauges(
        "reflow.catalog.age",
        "s",
        "Age of the oldest list that is kept of a target",
        () -> ofTargets(parts.catalog().ages(), age -> age.toMillis() / 1e3));
    metrics.gauge(
        "reflow.catalog.lists", "{list}", "Lists that are kept", () -> parts.catalog().size());
    metrics.gauges(
        "reflow.instances",
        "{instance}",
        "Instances of targets by state",
        () -> {
          List<Sample> samples = new ArrayList<>();
          addInstances(samples, "process", parts.upstreams().processCounts());
          addInstances(samples, "connection", parts.upstreams().connectionCounts());
          addInstances(samples, "pod", parts.upstreams().podCounts());
          return samples;
        });
    metrics.gauge(
        "reflow.stdio.processes",
        "{process}",
        "Child processes",
        () -> parts.upstreams().processCount());
    metrics.gauge(
        "reflow.stdio.processes.limit",
        "{process}",
        "Child processes that there may be",
        () -> parts.config().stdio().maxProcesses());
    metrics.gauge(
        "reflow.upstream.connections",
        "{connection}",
        "Sessions with HTTP targets",
        () -> parts.upstreams().connectionCount());
  }

  /// All states of a target that has any, so that what ends is seen to end.
  private void addInstances(
      List<Sample> samples, String kind, Map<TargetId, Map<InstanceStatus.State, Integer>> counts) {
    for (Target target : parts.targets().all()) {
      Map<InstanceStatus.State, Integer> states = counts.get(target.id());
      if (states != null) {
        for (InstanceStatus.State state : InstanceStatus.State.values()) {
          samples.add(
              new Sample(
                  Map.of(
                      TARGET,
                      metrics.targetLabel(target.name()),
                      "kind",
                      kind,
                      "state",
                      state.wireName()),
                  states.getOrDefault(state, 0)));
        }
      }
    }
  }

  private <V> List<Sample> ofTargets(Map<TargetId, V> values, ToDoubleFunction<V> number) {
    List<Sample> samples = new ArrayList<>();
    for (Target target : parts.targets().all()) {
      V value = values.get(target.id());
      if (value != null) {
        samples.add(
            new Sample(
                Map.of(TARGET, metrics.targetLabel(target.name())), number.applyAsDouble(value)));
      }
    }
    return samples;
  }

  private void registerReplicas() {
    metrics.gauge(
        "reflow.replicas",
        "{replica}",
        "Replicas that live, as far as this one knows",
        () -> parts.replicas().count());
    metrics.gauges(
        "reflow.leases",
        "{lease}",
        "Leases of stateful targets that this replica knows of, by who has them",
        "holder",
        () -> parts.leases().counts());
  }

  private void registerAudit() {
    journal(
        "reflow.audit.lag",
        "s",
        "How long the oldest record of the audit waits to be in the" + " database",
        it -> it.lag().toNanos() / 1e9);
    journal(
        "reflow.audit.backlog",
        "By",
        "Records of the audit that are not in the database yet",
        JournalState::backlog);
    journal(
        "reflow.audit.journal.used",
        "By",
        "Space of the audit journal that is in use",
        JournalState::used);
    journal(
        "reflow.audit.journal.limit",
        "By",
        "Space that the audit journal may use",
        JournalState::limit);
    journal(
        "reflow.audit.journal.exhausted",
        "",
        "Whether there is no room for another segment of the audit journal: when the last one is"
            + " full, calls are refused",
        it -> it.exhausted() ? 1 : 0);
    metrics.counter(
        "reflow.audit.rows",
        "{row}",
        "Rows of the audit that were brought to the database",
        () -> parts.audit().state().shipped());
  }

  private void journal(
      String name, String unit, String description, ToDoubleFunction<JournalState> value) {
    metrics.gauge(name, unit, description, () -> value.applyAsDouble(parts.audit().state()));
  }

  private void registerDatabase() {
    metrics.gauge(
        "reflow.database.up",
        "",
        "Whether the database is heard of",
        () -> parts.health().databaseAway() ? 0 : 1);
    metrics.gauge(
        "reflow.policy.age",
        "s",
        "How long ago the rules were last known to be the newest",
        () -> age(parts.storage().changes().confirmedAt()));
    metrics.gauges(
        "db.client.connection.count",
        "{connection}",
        "Connections to the database by state",
        "db.client.connection.state",
        () -> Map.of("used", pool().used(), "idle", pool().idle()));
    metrics.gauge(
        "db.client.connection.max",
        "{connection}",
        "Connections to the database that there may be",
        () -> pool().max());
    metrics.gauge(
        "db.client.connection.pending_requests",
        "{request}",
        "Threads that wait for a connection to the database",
        () -> pool().pending());
    metrics.counter(
        "db.client.connection.timeouts",
        "{timeout}",
        "Waits for a connection to the database that were in vain",
        () -> pool().timeouts());
  }

  /// The clock may have been set back.
  private double age(Instant moment) {
    return Math.max(0, Duration.between(moment, parts.clock().instant()).toMillis() / 1e3);
  }

  private PoolState pool() {
    return parts.storage().database().pool();
  }
}
