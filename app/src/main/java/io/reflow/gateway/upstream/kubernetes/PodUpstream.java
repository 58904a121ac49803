package io.reflow.gateway.upstream.kubernetes;

import io.reflow.gateway.instance.PodState;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.Interest;
import io.reflow.gateway.upstream.ServerFacts;
import io.reflow.gateway.upstream.StartProgress;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.UpstreamCall;
import java.time.Duration;
import java.util.Optional;

/// A session with the server in a pod, whichever pod it is at the moment: it lives on while the pod
/// sleeps, and the next call wakes it. A call to a pod that is awake costs what any call over HTTP
/// does.
final class PodUpstream implements Upstream {

  /// A use that was noted so lately keeps the pod from being put to sleep meanwhile.
  private static final Duration LATELY = Duration.ofSeconds(90);

  private final Wanted wanted;
  private final Watched watched;
  private final Sight made;
  private final Starts starts;
  private final Upstream server;
  private volatile boolean closed;

  /// @param made the instance that `server` is a session with
  PodUpstream(Wanted wanted, Watched watched, Sight made, Starts starts, Upstream server) {
    this.wanted = wanted;
    this.watched = watched;
    this.made = made;
    this.starts = starts;
    this.server = server;
  }

  @Override
  public Answer call(UpstreamCall call, Caller caller) throws InterruptedException {
    watched.begin();
    try {
      return server.call(call, watched.awake(LATELY) ? caller : afterWaking(call, caller));
    } finally {
      watched.end();
    }
  }

  /// What is another instance by now is ended after its calls, as any that is replaced.
  private Caller afterWaking(UpstreamCall call, Caller caller) throws InterruptedException {
    if (!watched.is(made)) {
      return caller;
    }
    StartProgress progress = StartProgress.begin(caller, call, wanted.targetName());
    Caller told;
    try {
      starts.wake(wanted, watched);
    } finally {
      told = progress.end();
    }
    return told;
  }

  @Override
  public ServerFacts facts() {
    return server.facts();
  }

  @Override
  public void follow(Interest interest) throws InterruptedException {
    server.follow(interest);
  }

  @Override
  public boolean hears() {
    return server.hears();
  }

  @Override
  public void tell(byte[] notification) throws InterruptedException {
    server.tell(notification);
  }

  @Override
  public Optional<PodState> pod() {
    return watched.sight().map(sight -> new PodState(sight.phase().wireName(), sight.podName()));
  }

  /// A pod that sleeps is alive; an instance that was changed or removed is not.
  @Override
  public boolean alive() {
    return server.alive() && watched.is(made);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      watched.letGo();
    }
    server.close();
  }
}
