package io.reflow.gateway.upstream.stdio;

import io.reflow.gateway.config.McpConfig;
import io.reflow.gateway.config.Secret;
import io.reflow.gateway.config.StdioConfig;
import io.reflow.gateway.credential.Injection;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.target.ProtocolMode;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.telemetry.Propagation;
import io.reflow.gateway.upstream.Dial;
import io.reflow.gateway.upstream.Handshake;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.Opening;
import io.reflow.gateway.upstream.Patience;
import io.reflow.gateway.upstream.TaskUpstream;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.era.Era;
import io.reflow.gateway.upstream.era.Eras;
import io.reflow.gateway.upstream.era.Verdict;
import io.reflow.gateway.upstream.stateless.Context;
import io.reflow.gateway.upstream.stateless.StatelessUpstream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Starts targets as child processes. A process gets its own secrets and a few harmless variables,
/// never the gateway's environment.
public final class StdioDial implements Dial<Transport.Stdio> {

  private static final Logger LOG = LoggerFactory.getLogger(StdioDial.class);

  /// A process tells of these while it runs, as those of the older era do by themselves.
  private static final Set<Listener.ListKind> LISTS = EnumSet.allOf(Listener.ListKind.class);

  /// How long a program on a person's terminal may leave unread what is typed.
  private static final Duration TYPING = Duration.ofSeconds(10);

  private final StdioConfig stdio;
  private final int largestMessage;
  private final String gatewayVersion;
  private final Eras eras;
  private final Context context;
  private final Duration answerTimeout;
  private final Spawner spawner;
  private final Patience patience = new Patience();

  public StdioDial(
      StdioConfig stdio, McpConfig mcp, String gatewayVersion, Eras eras, Spawner spawner) {
    this.stdio = stdio;
    this.largestMessage = mcp.maxUpstreamMessageSize().toInt();
    this.gatewayVersion = gatewayVersion;
    this.eras = eras;
    this.context = new Context(gatewayVersion);
    this.answerTimeout = mcp.timeout().initialize();
    this.spawner = spawner;
  }

  @Override
  public Upstream open(Transport.Stdio transport, Opening opening) throws InterruptedException {
    Target target = opening.target();
    long start = System.nanoTime();
    boolean older = eras.find(target).filter(Era.INITIALIZE::equals).isPresent();
    if (older) {
      return openSession(transport, opening);
    }
    if (opening.key().matched().filter(stateless -> !stateless).isPresent()) {
      try {
        return openSession(transport, opening);
      } catch (UpstreamFailed _) {
        // It may know no other way than the newest; what is wrong otherwise will show again.
      }
    }
    AtomicReference<Pipe> asked = new AtomicReference<>();
    try {
      return open(
          transport,
          opening,
          pipe -> {
            asked.set(pipe);
            return firstWords(pipe, opening);
          });
    } catch (UpstreamFailed failure) {
      Pipe pipe = asked.get();
      boolean died = pipe != null && pipe.endedItself();
      if (!died || target.settings().protocol() == ProtocolMode.MODERN) {
        throw failure;
      }
      return openAgain(transport, opening, start);
    }
  }

  private Upstream openSession(Transport.Stdio transport, Opening opening)
      throws InterruptedException {
    return open(transport, opening, pipe -> session(pipe, opening, stdio.startTimeout()));
  }

  /// Some servers end when they hear anything before `initialize`.
  private Upstream openAgain(Transport.Stdio transport, Opening opening, long start)
      throws InterruptedException {
    Duration left = stdio.startTimeout().minusNanos(System.nanoTime() - start);
    Duration timeout = left.isPositive() ? left : Duration.ofMillis(1);
    Upstream upstream = open(transport, opening, pipe -> session(pipe, opening, timeout));
    eras.learn(opening.target(), Era.INITIALIZE);
    return upstream;
  }

  /// Speaks with a process for the first time.
  @FunctionalInterface
  private interface Greeting {
    Upstream greet(Pipe pipe) throws InterruptedException;
  }

  private Upstream open(Transport.Stdio transport, Opening opening, Greeting greeting)
      throws InterruptedException {
    Pipe pipe = start(transport, opening);
    boolean open = false;
    try {
      Upstream upstream = greeting.greet(pipe);
      pipe.opened();
      open = true;
      return upstream;
    } finally {
      if (!open) {
        pipe.abort();
      }
    }
  }

  private Upstream session(Pipe pipe, Opening opening, Duration timeout)
      throws InterruptedException {
    InstanceKey key = opening.key();
    var handshake =
        new Handshake(
            pipe.target(),
            gatewayVersion,
            key.exclusive() ? key.capabilities() : ClientCapabilities.NONE);
    return new TaskUpstream(
        pipe.target(),
        SessionUpstream.open(pipe, handshake, opening.listener(), timeout, answerTimeout));
  }

  private Upstream firstWords(Pipe pipe, Opening opening) throws InterruptedException {
    Target target = opening.target();
    boolean pinned = target.settings().protocol() == ProtocolMode.MODERN;
    var channel = new StatelessPipe(pipe, context);
    pipe.tell(channel);
    var words =
        new FirstWords.Words() {
          @Override
          public Verdict discover(Duration timeout) throws InterruptedException {
            return channel.discover(timeout);
          }

          @Override
          public Upstream initialize(Duration timeout) throws InterruptedException {
            if (pinned) {
              throw new UpstreamFailed(target.name(), "does not speak the modern era of MCP");
            }
            return session(pipe, opening, timeout);
          }
        };
    Duration patience = pinned ? stdio.startTimeout() : stdio.probeTimeout();
    return switch (new FirstWords(target.name(), words, patience, stdio.startTimeout()).speak()) {
      case FirstWords.Outcome.Session(var upstream) -> {
        eras.learn(target, Era.INITIALIZE);
        yield upstream;
      }
      case FirstWords.Outcome.Stateless(var verdict) -> {
        pipe.tell(channel);
        eras.learn(target, Era.STATELESS);
        var settings =
            new StatelessUpstream.Settings(
                target.name(), context, opening.listener(), LISTS, answerTimeout, () -> {});
        var upstream = new StatelessUpstream(settings, channel, verdict.facts());
        upstream.begin();
        yield upstream;
      }
    };
  }

  private Pipe start(Transport.Stdio transport, Opening opening) throws InterruptedException {
    String target = opening.target().name();
    List<String> command = new ArrayList<>();
    command.add(transport.command());
    command.addAll(transport.arguments());
    Map<String, Secret> secrets = opening.injection().environment();
    Map<String, Secret> environment = traced(secrets, opening.trace());
    try {
      Child child =
          transport.tty()
              ? onTerminal(
                  PseudoTerminal.raw(spawner.natives()),
                  launch(opening.target(), opening.key(), command, environment, true),
                  TerminalProcess::start)
              : spawner.spawn(launch(opening.target(), opening.key(), command, environment, false));
      return new Pipe(
          child,
          new ErrorOutput(child.errors(), opening.lines(), new SecretMask(secrets.values())),
          new Pipe.Settings(
              target, opening.key().exclusive(), stdio.stopGrace(), largestMessage, patience));
    } catch (IOException | IllegalArgumentException e) {
      // The exception's text may hold arguments, the cause goes to the log only.
      throw new UpstreamFailed(target, "can't be started as a process", e);
    }
  }

  /// The trace that the start belongs to is told in the environment, where the target has no such
  /// variable of its own.
  ///
  /// See <https://opentelemetry.io/docs/specs/otel/context/env-carriers/>
  private static Map<String, Secret> traced(Map<String, Secret> secrets, Propagation trace) {
    if (!trace.traced()) {
      return secrets;
    }
    Map<String, Secret> environment = new HashMap<>(secrets);
    trace.each(
        (name, value) -> environment.putIfAbsent(name.toUpperCase(Locale.ROOT), new Secret(value)));
    return environment;
  }

  private static Launch launch(
      Target target,
      InstanceKey key,
      List<String> command,
      Map<String, Secret> environment,
      boolean onTerminal) {
    return new Launch(
        target.name(), command, environment, key, target.settings().network(), onTerminal);
  }

  /// Starts a program for a person, where the instance `key` of the target would be: in its folder,
  /// with its credentials.
  ///
  /// @throws UpstreamFailed when it can't be started
  public Terminal terminal(
      Target target,
      InstanceKey key,
      Injection injection,
      List<String> command,
      int columns,
      int rows)
      throws InterruptedException {
    Map<String, Secret> environment = new HashMap<>(injection.environment());
    environment.putIfAbsent("TERM", new Secret("xterm-256color"));
    try {
      var terminal = PseudoTerminal.interactive(spawner.natives(), columns, rows, TYPING);
      Launch launch = launch(target, key, command, environment, true);
      return new Terminal(onTerminal(terminal, launch, TerminalProcess::startForPerson), terminal);
    } catch (IOException | IllegalArgumentException e) {
      throw new UpstreamFailed(target.name(), "can't be given a terminal", e);
    }
  }

  /// Starts a process that finds itself on a terminal.
  @FunctionalInterface
  private interface TerminalStart {
    Process start(PseudoTerminal terminal, Contained contained) throws IOException;
  }

  /// A terminal that no process has got is closed, but not while one may still get it: another
  /// terminal must not take its name before that.
  private Child onTerminal(PseudoTerminal terminal, Launch launch, TerminalStart start)
      throws IOException, InterruptedException {
    var taken = new AtomicBoolean();
    var started = new CompletableFuture<Process>();
    try {
      return spawner.spawn(
          launch,
          contained -> {
            if (!taken.compareAndSet(false, true)) {
              throw new IOException("nobody waits for it any more");
            }
            try {
              if (contained.uid().isPresent()) {
                terminal.give(contained.uid().getAsInt());
              }
              Process process = start.start(terminal, contained);
              started.complete(process);
              return process;
            } finally {
              // Without effect once it has started.
              boolean _ = started.cancel(false);
            }
          });
    } catch (InterruptedException e) {
      if (taken.compareAndSet(false, true)) {
        terminal.discard();
      } else {
        var _ = started.thenCompose(Process::onExit).whenComplete((_, _) -> discard(terminal));
      }
      throw e;
    } catch (IOException | RuntimeException e) {
      terminal.discard();
      throw e;
    }
  }

  private static void discard(PseudoTerminal terminal) {
    try {
      terminal.discard();
    } catch (IOException e) {
      LOG.atWarn().setCause(e).log("A terminal can't be closed");
    }
  }
}
