package io.reflow.gateway.upstream.kubernetes;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.operator.crd.McpInstanceSpec;
import io.reflow.operator.crd.McpInstanceStatus.Phase;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings instances about: lays down what they should be, notes that somebody wants to use them,
/// and waits until the operator says that their servers answer.
final class Starts {

  private static final Logger LOG = LoggerFactory.getLogger(Starts.class);

  /// After so long without news they are asked for: a watch may have gone deaf.
  private static final Duration DEAF = Duration.ofSeconds(5);

  /// What was noted so lately is not noted again, unless that has made no difference.
  private static final Duration NOTED = Duration.ofMinutes(1);

  /// What another replica has changed a moment ago, this one is about to hear the reason of.
  private static final Duration SETTLING = Duration.ofMillis(1500);

  private final Pods pods;
  private final Revisions revisions;
  private final String namespace;
  private final Duration patience;

  Starts(Pods pods, Revisions revisions, String namespace, Duration patience) {
    this.pods = pods;
    this.revisions = revisions;
    this.namespace = namespace;
    this.patience = patience;
  }

  /// Waits until the instance is as it should be, and ready.
  ///
  /// @throws UpstreamFailed when it can't be, or is not in time
  Sight start(Wanted wanted, Watched watched) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    pods.admit(wanted);
    try {
      Sight ready = ready(wanted, watched, deadline);
      watched.formerSecret().ifPresent(this::remove);
      return ready;
    } catch (KubernetesClientException e) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      throw refused(wanted, e);
    } finally {
      pods.admitted(wanted);
    }
  }

  /// It goes with the instance at the latest.
  private void remove(String formerSecret) {
    try {
      pods.cluster().deleteSecret(formerSecret);
    } catch (KubernetesClientException e) {
      LOG.atDebug().log("A Secret that is not used any more could not be removed: {}", why(e));
    }
  }

  /// The same, together with all others who want it now.
  void wake(Wanted wanted, Watched watched) throws InterruptedException {
    var mine = new CompletableFuture<Boolean>();
    @Nullable CompletableFuture<Boolean> start = watched.waking(mine);
    if (start == null) {
      start = mine;
      Thread _ =
          Thread.ofVirtual()
              .name("wake-" + wanted.targetName())
              .start(() -> wake(wanted, watched, mine));
    }
    try {
      var _ = start.get(patience.plus(DEAF).toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException _) {
      throw failed(wanted, "is still starting");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof GatewayException failure) {
        throw failure;
      }
      throw new UpstreamFailed(wanted.targetName(), "could not be started", e);
    }
  }

  private void wake(Wanted wanted, Watched watched, CompletableFuture<Boolean> told) {
    try {
      Sight _ = start(wanted, watched);
      watched.woken();
      boolean _ = told.complete(true);
    } catch (InterruptedException | RuntimeException e) {
      watched.woken();
      boolean _ = told.completeExceptionally(e);
    }
  }

  private Sight ready(Wanted wanted, Watched watched, long deadline) throws InterruptedException {
    Sight asked = ensured(wanted, watched);
    while (true) {
      @Nullable Sight now = watched.sight().orElse(null);
      boolean ours = now != null && watched.is(asked);
      if (now != null && ours && now.ready()) {
        return now;
      }
      if (now != null && ours && now.failed()) {
        throw failed(wanted, "can't run: " + now.message().orElse("the operator does not say why"));
      }
      Duration left = Duration.ofNanos(deadline - System.nanoTime());
      if (!left.isPositive()) {
        throw failed(wanted, "is still starting" + message(now).map(": "::concat).orElse(""));
      }
      if (!ours) {
        // It was removed, or changed by another replica.
        asked = ensured(wanted, watched);
      } else if (!watched.awaitNews(now, left.compareTo(DEAF) < 0 ? left : DEAF)) {
        look(watched);
      }
    }
  }

  private static Optional<String> message(@Nullable Sight sight) {
    return Optional.ofNullable(sight).flatMap(Sight::message);
  }

  private void look(Watched watched) {
    Optional<Sight> now = pods.cluster().ask(watched.name());
    if (now.isPresent()) {
      watched.see(now.get());
    } else {
      watched.sight().ifPresent(watched::gone);
    }
  }

  /// The instance as it should be, used at this moment. What is so already is not written again.
  private Sight ensured(Wanted wanted, Watched watched) throws InterruptedException {
    Optional<Sight> before = watched.sight().or(() -> pods.cluster().ask(wanted.name()));
    before.ifPresent(watched::see);
    Optional<String> inUse = before.map(Sight::spec).map(McpInstanceSpec::secretRef);
    Optional<String> secret = revisions.secret(wanted.name(), wanted.environment(), inUse);
    McpInstanceSpec spec = Desired.spec(wanted, secret);
    long now = System.nanoTime();
    Optional<Sight> same = before.filter(seen -> seen.spec().equals(spec));
    if (same.isPresent() && watched.notedWithin(NOTED) && same.get().phase() != Phase.IDLE) {
      return same.get();
    }
    Optional<Sight> written = same.flatMap(this::touched);
    if (written.isEmpty()) {
      settle(before, watched);
      written = Optional.of(write(wanted, secret, before));
      inUse.filter(name -> !Optional.of(name).equals(secret)).ifPresent(watched::formerSecret);
    }
    watched.noted(now);
    watched.see(written.get());
    return written.get();
  }

  /// Who is ready can be used while the API server is away.
  private Optional<Sight> touched(Sight seen) {
    try {
      return pods.cluster().touch(seen.name(), pods.clock().instant());
    } catch (KubernetesClientException e) {
      if (!seen.ready() || isRefusal(e)) {
        throw e;
      }
      LOG.atWarn()
          .addKeyValue("instance", seen.name())
          .log("That an instance is used could not be noted: {}", why(e));
      return Optional.of(seen);
    }
  }

  private static boolean isRefusal(KubernetesClientException e) {
    return e.getCode() >= 400 && e.getCode() < 500;
  }

  /// Whoever has changed it may have done so for a reason that is on its way to this replica: then
  /// this start is over before the pause is.
  private static void settle(Optional<Sight> before, Watched watched) throws InterruptedException {
    Duration pause = SETTLING.minus(watched.unchanged());
    if (before.isPresent() && pause.isPositive()) {
      Thread.sleep(pause);
    }
  }

  /// The Secret comes first, so that no pod waits for it, and belongs to the instance at last. That
  /// of a former instance, which may be about to go with it, becomes the new one's.
  private Sight write(Wanted wanted, Optional<String> secret, Optional<Sight> before) {
    Cluster cluster = pods.cluster();
    secret.ifPresent(name ->
        before.ifPresentOrElse(
            owner -> cluster.apply(owned(wanted, name, owner)),
            () -> cluster.create(Desired.secret(wanted, name, namespace, Optional.empty()))));
    Sight written =
        cluster.apply(Desired.instance(wanted, secret, namespace, pods.clock().instant()));
    if (before.filter(seen -> seen.uid().equals(written.uid())).isEmpty()) {
      secret.ifPresent(name -> cluster.apply(owned(wanted, name, written)));
    }
    return written;
  }

  private Secret owned(Wanted wanted, String name, Sight owner) {
    return Desired.secret(wanted, name, namespace, Optional.of(Desired.owner(owner)));
  }

  private static UpstreamFailed failed(Wanted wanted, String what) {
    return new UpstreamFailed(wanted.targetName(), what);
  }

  /// What the API server says may be about a Secret: it is for the log of those who may see more
  /// than callers.
  private static UpstreamFailed refused(Wanted wanted, KubernetesClientException e) {
    LOG.atWarn()
        .addKeyValue("target", wanted.targetName())
        .addKeyValue("instance", wanted.name())
        .log("The API server of the cluster did not do what it was asked for: {}", why(e));
    String what =
        e.getCode() == 0
            ? "is not reached"
            : "refuses what the gateway asks for (HTTP %d)".formatted(e.getCode());
    return new UpstreamFailed(
        wanted.targetName(), "can't be run: the API server of the cluster " + what, e);
  }

  private static String why(KubernetesClientException e) {
    return e.getStatus() == null || e.getStatus().getMessage() == null
        ? String.valueOf(e.getMessage())
        : e.getStatus().getMessage();
  }
}
