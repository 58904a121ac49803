package io.reflow.gateway.upstream.kubernetes;

import io.reflow.gateway.config.KubernetesConfig;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.upstream.Dial;
import io.reflow.gateway.upstream.Opening;
import io.reflow.gateway.upstream.Upstream;
import java.net.ConnectException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Opens sessions with servers in pods, which are made or woken first if need be.
public final class PodDial implements Dial<Transport.Kubernetes> {

  /// A pod may be ready before all nodes know the way to it.
  private static final Duration ON_THE_WAY = Duration.ofSeconds(5);

  private static final Duration AGAIN = Duration.ofMillis(200);

  private final Pods pods;
  private final Dial<Transport.StreamableHttp> http;
  private final Consumer<URI> renew;
  private final Starts starts;
  private final KubernetesConfig config;

  /// @param http leads to private addresses too: those of pods
  /// @param renew is told of an address whose host may mean another place than before
  /// @param keys the same on all replicas, that of this one first; name the contents of Secrets
  public PodDial(
      Pods pods,
      Dial<Transport.StreamableHttp> http,
      Consumer<URI> renew,
      KubernetesConfig config,
      List<byte[]> keys) {
    this.pods = pods;
    this.http = http;
    this.renew = renew;
    this.config = config;
    this.starts = new Starts(pods, new Revisions(keys), config.namespace(), config.startTimeout());
  }

  @Override
  public Upstream open(Transport.Kubernetes transport, Opening opening)
      throws InterruptedException {
    Wanted wanted = Wanted.of(opening, transport.pod());
    Watched watched = pods.hold(wanted.name());
    boolean open = false;
    try {
      Sight made = starts.start(wanted, watched);
      Upstream server = connected(new Transport.StreamableHttp(url(wanted, made)), opening);
      open = true;
      return new PodUpstream(wanted, watched, made, starts, server);
    } finally {
      if (!open) {
        watched.letGo();
      }
    }
  }

  /// What the operator says is only checked: nobody who could write a status leads calls elsewhere.
  private URI url(Wanted wanted, Sight made) {
    String service = wanted.service(config.namespace());
    if (!made.serviceUrl().filter(service::equals).isPresent()) {
      throw new UpstreamFailed(
          wanted.targetName(),
          "is not where its instance should be, at " + service + ": ask an operator");
    }
    return URI.create(
        wanted.address(config.serviceUrl(), config.namespace()) + wanted.pod().path());
  }

  private Upstream connected(Transport.StreamableHttp transport, Opening opening)
      throws InterruptedException {
    long deadline = System.nanoTime() + ON_THE_WAY.toNanos();
    while (true) {
      // An instance that was made anew has another address under the same name.
      renew.accept(transport.url());
      try {
        return http.open(transport, opening);
      } catch (UpstreamFailed e) {
        if (!isRefused(e) || System.nanoTime() - deadline > 0) {
          throw e;
        }
        Thread.sleep(AGAIN);
      }
    }
  }

  private static boolean isRefused(UpstreamFailed failure) {
    @Nullable Throwable cause = failure;
    while (cause != null && !(cause instanceof ConnectException)) {
      cause = cause.getCause();
    }
    return cause != null;
  }
}
