package io.reflow.gateway.upstream;

import io.reflow.gateway.config.KubernetesConfig;
import io.reflow.gateway.config.McpConfig;
import io.reflow.gateway.config.StdioConfig;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.instance.InstancePool;
import io.reflow.gateway.instance.InstanceStatus;
import io.reflow.gateway.instance.LastLines;
import io.reflow.gateway.instance.Lease;
import io.reflow.gateway.instance.Lifetimes;
import io.reflow.gateway.instance.Limits;
import io.reflow.gateway.instance.Starter;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.telemetry.ChildSpan;
import io.reflow.gateway.telemetry.Propagation;
import io.reflow.gateway.telemetry.SpanFacts;
import io.reflow.gateway.telemetry.Trace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// All upstreams of the gateway: opened on first use, shared by the callers of one key and by
/// nobody else, replaced when the target or its secrets change.
public final class Upstreams implements AutoCloseable {

  private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(30);

  /// A connection costs little, so that these limits only stop what has run wild.
  private static final Limits CONNECTIONS = new Limits(20_000, 10_000, 500);

  /// How old a connection to a pod gets: the pod ends before.
  private static final Duration LONGEST_CONNECTION = Duration.ofDays(365);

  private final Connector connector;
  private final Watcher watcher;
  private final McpConfig.Timeouts timeouts;
  private final Duration startTimeout;
  private final Duration podTimeout;
  private final InstancePool<Upstream> processes;
  private final InstancePool<Upstream> connections;
  private final InstancePool<Upstream> pods;
  private final FanIn listeners;
  private final UnaryOperator<Reach> renewal;
  private final UpstreamEvents events;

  /// @param events hears what is to be counted
  /// @param renewal makes of an older way to a target the one that it is now: those who listen for
  ///   long need it, when an instance was replaced meanwhile, and whoever starts one
  public Upstreams(
      Connector connector,
      StdioConfig stdio,
      KubernetesConfig kubernetes,
      McpConfig mcp,
      Watcher watcher,
      UnaryOperator<Reach> renewal,
      UpstreamEvents events) {
    this.connector = connector;
    this.watcher = watcher;
    this.renewal = renewal;
    this.events = events;
    this.timeouts = mcp.timeout();
    this.startTimeout = stdio.startTimeout();
    // A pod that is ready has to be shaken hands with.
    this.podTimeout = kubernetes.startTimeout().plus(mcp.timeout().initialize());
    // No call lasts longer, so that none is cut short.
    Duration drain = timeouts.callMax().plusSeconds(1);
    Lifetimes lifetimes =
        new Lifetimes(stdio.idleTimeout(), stdio.maxLifetime(), drain, LONGEST_BACKOFF);
    this.processes =
        new InstancePool<>(
            "processes",
            new Limits(
                stdio.maxProcesses(), stdio.maxProcessesPerTarget(), stdio.maxProcessesPerUser()),
            lifetimes,
            stdio.stderrLines(),
            events.instances("process"));
    this.connections =
        new InstancePool<>(
            "connections", CONNECTIONS, lifetimes, 0, events.instances("connection"));
    this.pods =
        new InstancePool<>(
            "pods",
            CONNECTIONS,
            new Lifetimes(stdio.idleTimeout(), LONGEST_CONNECTION, drain, LONGEST_BACKOFF),
            0,
            events.instances("pod"));
    this.listeners =
        new FanIn(
            reach -> {
              Reach now = renewal.apply(reach);
              return lease(now, openTimeout(now.target()));
            },
            FanIn.LINGER);
  }

  /// Is told what changes at targets. Called by reader threads: must not block.
  public interface Watcher {

    /// An instance has been opened: also one that was away, or runs with other settings now.
    void opened(InstanceKey key, ServerFacts facts);

    void listChanged(InstanceKey key, Listener.ListKind kind);

    /// A resource that somebody follows has changed.
    void resourceUpdated(InstanceKey key, String uri, RawJson params);

    /// A user is through with a page that the target had sent them to.
    default void elicitationCompleted(InstanceKey key, String elicitationId, RawJson params) {}

    /// Whom a target that serves one user may ask what belongs to no call.
    default Optional<Caller> bystander(InstanceKey key) {
      return Optional.empty();
    }

    /// A target that serves one user has logged something that belongs to no call.
    default void logged(InstanceKey key, RawJson params) {}

    /// A target has sent a notification that no revision of MCP knows.
    default void unknown(InstanceKey key, String method, RawJson params) {}

    /// For who does not want to know.
    Watcher NONE =
        new Watcher() {
          @Override
          public void opened(InstanceKey key, ServerFacts facts) {}

          @Override
          public void listChanged(InstanceKey key, Listener.ListKind kind) {}

          @Override
          public void resourceUpdated(InstanceKey key, String uri, RawJson params) {}
        };
  }

  /// Sends the call to the instance of `key`, which is opened first if need be, and waits for the
  /// answer.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.UpstreamFailed when the target can't be
  ///   opened, is gone, is silent for too long, or answers with garbage
  /// @throws io.reflow.gateway.fault.GatewayException.Overloaded when there are too many instances
  public Answer call(Reach reach, UpstreamCall call, Caller caller) throws InterruptedException {
    long begun = System.nanoTime();
    var outcome = UpstreamEvents.Outcome.FAILED;
    try {
      Answer answer = answer(reach, call, caller);
      outcome =
          switch (answer) {
            case Answer.Result _ -> UpstreamEvents.Outcome.ANSWERED;
            case Answer.Failure _ -> UpstreamEvents.Outcome.ERROR;
          };
      events.contact(reach.target(), true);
      return answer;
    } catch (UpstreamFailed e) {
      events.contact(reach.target(), false);
      throw e;
    } catch (InterruptedException e) {
      outcome = UpstreamEvents.Outcome.CANCELLED;
      throw e;
    } finally {
      events.call(
          reach.target(), call.method(), outcome, Duration.ofNanos(System.nanoTime() - begun));
    }
  }

  private Answer answer(Reach reach, UpstreamCall call, Caller caller) throws InterruptedException {
    var opener = new Opener(reach, Trace.current());
    InstancePool<Upstream> pool = pool(reach.target().transport());
    @Nullable Lease<Upstream> running = pool.running(reach.key(), opener.recipe());
    if (running != null) {
      return answer(running, reach, call, caller);
    }
    Duration patience = shorter(openTimeout(reach.target()), call.maxDuration());
    StartProgress progress = StartProgress.begin(caller, call, reach.target().name());
    Caller told = caller;
    Lease<Upstream> started;
    try {
      started = pool.acquire(reach.key(), opener, patience);
    } finally {
      told = progress.end();
    }
    return answer(started, reach, call, told);
  }

  private static Answer answer(Lease<Upstream> lease, Reach reach, UpstreamCall call, Caller caller)
      throws InterruptedException {
    try (lease) {
      return lease.instance().call(call.within(reach.injection().timeout()), caller);
    }
  }

  /// The same, waiting no longer than `patience`.
  ServerFacts facts(Reach reach, Duration patience) throws InterruptedException {
    try (Lease<Upstream> lease = lease(reach, patience)) {
      return lease.instance().facts();
    }
  }

  /// What the instance said of itself; opens it if need be, and waits for that no longer than for a
  /// handshake. The opening goes on without those who have lost their patience.
  public ServerFacts facts(Reach reach) throws InterruptedException {
    return facts(reach, timeouts.initialize());
  }

  /// The same, waiting as long as the target may take to start.
  public ServerFacts open(Reach reach) throws InterruptedException {
    return facts(reach, openTimeout(reach.target()));
  }

  /// Tells `listener` of what it wants to know, until the feed is closed; returns once that has
  /// begun. What several want to know of one instance is asked for once. After the instance was
  /// away or replaced, each listener hears of everything that it wants to know, once.
  ///
  /// The listener is called by reader threads and must not block. What policies say about a
  /// resource is for the listener to ask.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException when it can't begin; it ends on no other
  ///   account
  public Feed listen(Reach reach, Interest interest, Listener listener)
      throws InterruptedException {
    Duration patience = openTimeout(reach.target()).plus(timeouts.initialize());
    return listeners.listen(reach, interest, listener, patience);
  }

  /// Sends a notification to the instance of `key` if there is one, and opens none for that.
  public void tell(InstanceKey key, byte[] notification) throws InterruptedException {
    Optional<Lease<Upstream>> open =
        processes.find(key).or(() -> connections.find(key)).or(() -> pods.find(key));
    if (open.isPresent()) {
      try (Lease<Upstream> lease = open.get()) {
        lease.instance().tell(notification);
      }
    }
  }

  private Lease<Upstream> lease(Reach reach, Duration patience) throws InterruptedException {
    return pool(reach.target().transport())
        .acquire(reach.key(), new Opener(reach, Trace.current()), patience);
  }

  private InstancePool<Upstream> pool(Transport transport) {
    return switch (transport) {
      case Transport.Stdio _ -> processes;
      case Transport.StreamableHttp _, Transport.Sse _ -> connections;
      case Transport.Kubernetes _ -> pods;
    };
  }

  /// The dial has its own deadline, which is the one to speak of when it passes.
  private Duration openTimeout(Target target) {
    Duration atMost =
        switch (target.transport()) {
          case Transport.Stdio _ -> startTimeout;
          case Transport.Kubernetes _ -> podTimeout;
          case Transport.StreamableHttp _, Transport.Sse _ ->
              timeouts.connect().plus(timeouts.initialize());
        };
    return atMost.plusSeconds(1);
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private final class Opener implements Starter<Upstream> {
    private final Reach reach;
    private final Trace trace;

    /// @param trace of the call that it is for
    Opener(Reach reach, Trace trace) {
      this.reach = reach;
      this.trace = trace;
    }

    @Override
    public String target() {
      return reach.target().name();
    }

    @Override
    public Object recipe() {
      return reach.injection().fingerprint();
    }

    @Override
    public Starter<Upstream> renewed() {
      return new Opener(renewal.apply(reach), trace);
    }

    @Override
    public Upstream start(LastLines lines) throws InterruptedException {
      ChildSpan span = trace.begin();
      boolean open = false;
      try {
        Upstream upstream = open(lines, span.onward());
        open = true;
        events.contact(reach.target(), true);
        return upstream;
      } catch (UpstreamFailed e) {
        events.contact(reach.target(), false);
        throw e;
      } finally {
        var kind = stdio() ? ChildSpan.Kind.STEP : ChildSpan.Kind.CALL;
        span.end(kind, stdio() ? "process start" : "connect", open ? "" : "failed", this::describe);
      }
    }

    private boolean stdio() {
      return reach.target().transport() instanceof Transport.Stdio;
    }

    private Upstream open(LastLines lines, Propagation onward) throws InterruptedException {
      InstanceKey key = reach.key();
      Upstream upstream =
          LevelledUpstream.of(
              connector.open(
                  new Opening(
                      reach.target(), key, reach.injection(), listener(key), lines, onward)));
      watcher.opened(key, upstream.facts());
      return upstream;
    }

    private void describe(SpanFacts facts) {
      Spans.describe(facts, reach.target());
      if (reach.target().transport() instanceof Transport.Stdio process) {
        facts.text("process.executable.path", process.command());
      }
    }
  }

  private Listener listener(InstanceKey key) {
    Listener feeds = listeners.of(key);
    return new Listener() {
      @Override
      public void listChanged(ListKind kind) {
        watcher.listChanged(key, kind);
        feeds.listChanged(kind);
      }

      @Override
      public void resourceUpdated(String uri, RawJson params) {
        watcher.resourceUpdated(key, uri, params);
        feeds.resourceUpdated(uri, params);
      }

      @Override
      public void elicitationCompleted(String elicitationId, RawJson params) {
        watcher.elicitationCompleted(key, elicitationId, params);
        feeds.elicitationCompleted(elicitationId, params);
      }

      @Override
      public Optional<Caller> bystander() {
        return key.exclusive() ? watcher.bystander(key) : Optional.empty();
      }

      @Override
      public void logged(RawJson params) {
        if (key.exclusive()) {
          watcher.logged(key, params);
        }
      }

      @Override
      public void unknown(String method, RawJson params) {
        watcher.unknown(key, method, params);
      }
    };
  }

  /// What runs for a target, is starting, ending, or can't be started.
  public List<InstanceStatus> instances(TargetId target) {
    List<InstanceStatus> all = new ArrayList<>(processes.list(target));
    all.addAll(connections.list(target));
    all.addAll(pods.list(target));
    return all;
  }

  /// How many child processes there are of each target, by their states.
  public Map<TargetId, Map<InstanceStatus.State, Integer>> processCounts() {
    return processes.counts();
  }

  /// The same of sessions with HTTP targets.
  public Map<TargetId, Map<InstanceStatus.State, Integer>> connectionCounts() {
    return connections.counts();
  }

  /// The same of pods that this replica talks with.
  public Map<TargetId, Map<InstanceStatus.State, Integer>> podCounts() {
    return pods.counts();
  }

  /// How many child processes exist.
  public int processCount() {
    return processes.size();
  }

  /// How many HTTP sessions with targets exist.
  public int connectionCount() {
    return connections.size();
  }

  /// Ends all instances of a target; their running calls may finish. The next call opens a new one
  /// at once, whatever happened before: this is also how a target is restarted.
  ///
  /// @return how many there were
  public int retire(TargetId target) {
    return processes.retire(target) + connections.retire(target) + pods.retire(target);
  }

  /// Does the same for those instances of a target alone that no longer are what callers would get
  /// now, as after a change of its credentials.
  public int retireOutdated(TargetId target) {
    return processes.retireOutdated(target)
        + connections.retireOutdated(target)
        + pods.retireOutdated(target);
  }

  /// Does the same for a user whose role or groups may have changed.
  public int retireOutdated(UserId user) {
    return processes.retireOutdated(user)
        + connections.retireOutdated(user)
        + pods.retireOutdated(user);
  }

  /// Does the same for the instances that serve just one user, of all targets.
  public int retireUser(UserId user) {
    return processes.retireUser(user) + connections.retireUser(user) + pods.retireUser(user);
  }

  /// Ends the instances of a client's session that is over.
  public void retireSession(String session) {
    listeners.forgetSession(session);
    int _ =
        processes.retireSession(session)
            + connections.retireSession(session)
            + pods.retireSession(session);
  }

  /// Ends everything, in parallel, within a few seconds.
  @Override
  public void close() {
    try (connections;
        pods) {
      listeners.close();
      processes.close();
    }
  }
}
