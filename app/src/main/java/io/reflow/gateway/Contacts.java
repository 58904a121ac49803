package io.reflow.gateway;

import io.reflow.gateway.instance.InstanceEvents;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.telemetry.Metrics;
import io.reflow.gateway.upstream.UpstreamEvents;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/// Counts what comes and goes between the gateway and its targets, and remembers which of them
/// could be reached when they were last needed.
final class Contacts implements UpstreamEvents {

  /// Nobody knows of a target that nobody has wanted for so long.
  private static final long MEMORY = Duration.ofMinutes(10).toNanos();

  /// So often it is noted that all is as it was.
  private static final long NOTED_EVERY = Duration.ofSeconds(1).toNanos();

  private final Metrics metrics;
  private final LongSupplier nanos;
  private final Map<TargetId, Contact> newest = new ConcurrentHashMap<>();

  private record Contact(boolean reached, long at) {}

  Contacts(Metrics metrics, LongSupplier nanos) {
    this.metrics = metrics;
    this.nanos = nanos;
  }

  @Override
  public void call(Target target, String method, Outcome outcome, Duration taken) {
    metrics.upstreamRequest(target.name(), method, outcome.word(), taken);
  }

  @Override
  public void contact(Target target, boolean reached) {
    long now = nanos.getAsLong();
    Contact before = newest.get(target.id());
    if (before == null || before.reached() != reached || now - before.at() > NOTED_EVERY) {
      newest.put(target.id(), new Contact(reached, now));
    }
  }

  @Override
  public InstanceEvents instances(String kind) {
    return new InstanceEvents() {
      @Override
      public void start(String target, boolean started, boolean again, Duration taken) {
        metrics.instanceStart(target, kind, started, again, taken);
      }

      @Override
      public void crash(String target) {
        metrics.instanceCrash(target, kind);
      }
    };
  }

  /// The target has changed, or is no more.
  void forget(TargetId target) {
    newest.remove(target);
  }

  /// Whether the targets that were needed lately could be reached.
  Map<TargetId, Boolean> lately() {
    long now = nanos.getAsLong();
    newest.values().removeIf(contact -> now - contact.at() > MEMORY);
    Map<TargetId, Boolean> reached = new HashMap<>();
    newest.forEach((target, contact) -> reached.put(target, contact.reached()));
    return reached;
  }
}
