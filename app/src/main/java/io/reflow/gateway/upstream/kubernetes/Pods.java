package io.reflow.gateway.upstream.kubernetes;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.reflow.gateway.config.KubernetesConfig;
import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// All instances in the cluster that gateways have made, as one watch shows them. Notes in the
/// cluster which of them are used, and removes those that nobody can use any more; that they sleep,
/// and die of age, is the operator's business.
public final class Pods implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Pods.class);

  /// How often a use is noted.
  private static final Duration NOTING = Duration.ofMinutes(1);

  /// How often it is looked for what is to be noted.
  private static final Duration PERIOD = Duration.ofSeconds(10);

  private static final Duration TRY_AGAIN = Duration.ofSeconds(30);

  /// What another replica has made lately may be for somebody whom this one does not know yet.
  private static final Duration SETTLED = Duration.ofMinutes(5);

  private final Map<String, Watched> watched = new ConcurrentHashMap<>();
  private final Map<String, Quota.Entry> starting = new ConcurrentHashMap<>();
  private final ReentrantLock admission = new ReentrantLock();
  private final Cluster cluster;
  private final Quota quota;
  private final InstantSource clock;
  private final Thread notes;

  private Pods(KubernetesConfig config, InstantSource clock) {
    this.cluster = new Cluster(config, this::see, this::gone);
    this.quota = Quota.of(config);
    this.clock = clock;
    this.notes = Thread.ofVirtual().name("pods-in-use").unstarted(this::noteUses);
  }

  /// Begins to watch. An API server that is away is waited for in the background.
  public static Pods open(KubernetesConfig config, InstantSource clock) {
    var pods = new Pods(config, clock);
    pods.cluster.start();
    pods.notes.start();
    return pods;
  }

  Cluster cluster() {
    return cluster;
  }

  InstantSource clock() {
    return clock;
  }

  /// What is known of an instance, whether there is one or not; [Watched#letGo] must follow.
  Watched hold(String name) {
    return watched.compute(
        name,
        (_, known) -> {
          Watched one = known == null ? new Watched(name) : known;
          one.hold();
          return one;
        });
  }

  private void see(Sight sight) {
    watched.computeIfAbsent(sight.name(), Watched::new).see(sight);
  }

  private void gone(Sight last) {
    Watched one = watched.get(last.name());
    if (one != null) {
      one.gone(last);
    }
  }

  /// What runs or is about to counts; [#admitted] must follow.
  ///
  /// @throws Overloaded when there are as many as there may be
  void admit(Wanted wanted) {
    var entry = new Quota.Entry(wanted.name(), wanted.target().toString(), wanted.subject());
    admission.lock();
    try {
      Optional<String> refusal =
          quota.refusal(entry, Stream.concat(running(), starting.values().stream()));
      if (refusal.isPresent()) {
        throw new Overloaded(
            "target '%s' can't be started: %s".formatted(wanted.targetName(), refusal.get()),
            TRY_AGAIN);
      }
      starting.put(wanted.name(), entry);
    } finally {
      admission.unlock();
    }
  }

  /// The start is over.
  void admitted(Wanted wanted) {
    starting.remove(wanted.name());
  }

  private Stream<Quota.Entry> running() {
    return sights()
        .filter(Sight::runs)
        .map(sight ->
            new Quota.Entry(sight.name(), sight.spec().targetID(), sight.spec().subjectKey()));
  }

  private Stream<Sight> sights() {
    return watched.values().stream().flatMap(one -> one.sight().stream());
  }

  private void noteUses() {
    try {
      while (true) {
        Thread.sleep(PERIOD);
        watched.values().stream().filter(one -> one.toBeNoted(NOTING)).forEach(this::note);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void note(Watched one) {
    long now = System.nanoTime();
    try {
      cluster
          .touch(one.name(), clock.instant())
          .ifPresent(sight -> {
            one.noted(now);
            one.see(sight);
          });
    } catch (RuntimeException e) {
      LOG.atWarn()
          .addKeyValue("instance", one.name())
          .log("That an instance is used could not be noted: {}", e.getMessage());
    }
  }

  /// Removes all instances of a target; the next call makes each anew.
  ///
  /// @return how many ran
  public int remove(TargetId target) {
    List<Sight> its =
        sights().filter(sight -> sight.spec().targetID().equals(target.toString())).toList();
    its.forEach(this::remove);
    return (int) its.stream().filter(Sight::runs).count();
  }

  /// Removes the instances that nobody can use any more: their target is gone or shared in another
  /// way, or nobody is left who shares them.
  ///
  /// @param targets as far as they are known
  /// @param exists whether there is such a target, known or not
  /// @param sharings all that somebody can share an instance as; empty when that is not known
  public void sweep(
      Function<TargetId, Optional<Target>> targets,
      Predicate<TargetId> exists,
      Supplier<Optional<Set<Sharing>>> sharings) {
    List<Sight> settled =
        watched.values().stream()
            .filter(one -> one.unchanged().compareTo(SETTLED) >= 0)
            .flatMap(one -> one.sight().stream())
            .toList();
    // Asked after it was looked what there is: who uses what is new is known then.
    var tenants = new Tenants(targets, exists, sharings.get());
    settled.stream().filter(sight -> !tenants.canUse(sight.spec())).forEach(this::remove);
    watched
        .keySet()
        .forEach(name -> watched.computeIfPresent(name, (_, one) -> one.forgotten() ? null : one));
  }

  private void remove(Sight sight) {
    try {
      // First, so that it can't go with the former instance when there is a new one.
      Optional.ofNullable(sight.spec().secretRef()).ifPresent(cluster::deleteSecret);
      cluster.delete(sight.name());
      gone(sight);
    } catch (KubernetesClientException e) {
      LOG.atWarn()
          .addKeyValue("instance", sight.name())
          .log("An instance could not be removed; it is tried again: {}", e.getMessage());
    }
  }

  @Override
  public void close() {
    notes.interrupt();
    cluster.close();
  }
}
