package io.reflow.gateway.upstream.http;

import io.reflow.gateway.config.McpConfig;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.target.ProtocolMode;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.upstream.Opening;
import io.reflow.gateway.upstream.Patience;
import io.reflow.gateway.upstream.ServerFacts;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.era.Era;
import io.reflow.gateway.upstream.era.Eras;
import io.reflow.gateway.upstream.era.Verdict;
import io.reflow.gateway.upstream.stateless.Context;
import io.reflow.gateway.upstream.stateless.StatelessUpstream;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/// Opens a target over HTTP in the era that it speaks.
final class StatelessHttpDial {

  private final Eras eras;
  private final Context context;
  private final HttpClient client;
  private final Lingering lingering;
  private final Patience patience;
  private final McpConfig mcp;
  private final Session session;

  /// The other way, which begins with `initialize`.
  @FunctionalInterface
  interface Session {
    Upstream open() throws InterruptedException;
  }

  StatelessHttpDial(
      Eras eras,
      Context context,
      HttpClient client,
      Lingering lingering,
      Patience patience,
      McpConfig mcp,
      Session session) {
    this.eras = eras;
    this.context = context;
    this.client = client;
    this.lingering = lingering;
    this.patience = patience;
    this.mcp = mcp;
    this.session = session;
  }

  Upstream open(Transport.StreamableHttp transport, Opening opening) throws InterruptedException {
    if (opening.key().matched().filter(stateless -> !stateless).isPresent()) {
      return openMatching(transport, opening);
    }
    return openNewest(transport, opening);
  }

  /// As a client of the older era speaks, if the target does too.
  private Upstream openMatching(Transport.StreamableHttp transport, Opening opening)
      throws InterruptedException {
    try {
      return session.open();
    } catch (UpstreamFailed failure) {
      return openUpgraded(transport, opening, failure);
    }
  }

  private Upstream openNewest(Transport.StreamableHttp transport, Opening opening)
      throws InterruptedException {
    Target target = opening.target();
    Optional<Era> known = eras.find(target);
    if (known.isEmpty()) {
      return open(transport, opening, channel -> judged(target, channel));
    }
    return switch (known.get()) {
      case STATELESS -> open(transport, opening, channel -> rejudged(target, channel));
      case INITIALIZE -> openSession(transport, opening);
    };
  }

  /// Finds out what is to be spoken over the channel.
  @FunctionalInterface
  private interface Judging {
    Verdict judge(StatelessHttp channel) throws InterruptedException;
  }

  private Verdict judged(Target target, StatelessHttp channel) throws InterruptedException {
    Duration timeout = mcp.timeout().initialize();
    return eras.judge(target, () -> channel.discover(timeout), timeout);
  }

  /// It has to say what it offers; if it does not, it may be another server by now.
  private Verdict rejudged(Target target, StatelessHttp channel) throws InterruptedException {
    Verdict verdict = channel.discover(mcp.timeout().initialize());
    if (verdict instanceof Verdict.Initialize) {
      if (target.settings().protocol() == ProtocolMode.MODERN) {
        throw new UpstreamFailed(target.name(), "does not speak the modern era of MCP");
      }
      eras.learn(target, Era.INITIALIZE);
    }
    return verdict;
  }

  private Upstream open(Transport.StreamableHttp transport, Opening opening, Judging judging)
      throws InterruptedException {
    StatelessHttp channel = channel(transport, opening);
    boolean used = false;
    try {
      return switch (judging.judge(channel)) {
        case Verdict.Initialize() -> session.open();
        case Verdict.Stateless(var facts) -> {
          used = true;
          yield upstream(opening, channel, facts);
        }
      };
    } finally {
      if (!used) {
        channel.close();
      }
    }
  }

  private StatelessHttp channel(Transport.StreamableHttp transport, Opening opening) {
    String target = opening.target().name();
    return new StatelessHttp(
        target,
        new Wire(target, client, transport.url(), opening.injection().headers()),
        context,
        patience,
        lingering,
        mcp.maxUpstreamMessageSize().toInt());
  }

  private Upstream upstream(Opening opening, StatelessHttp channel, ServerFacts facts) {
    Target target = opening.target();
    var settings =
        new StatelessUpstream.Settings(
            target.name(),
            context,
            opening.listener(),
            Set.of(),
            mcp.timeout().initialize(),
            () -> eras.doubt(target));
    return new StatelessUpstream(settings, channel, facts);
  }

  /// A server that was of the older era may have been upgraded to one that knows no other.
  private Upstream openSession(Transport.StreamableHttp transport, Opening opening)
      throws InterruptedException {
    try {
      return session.open();
    } catch (UpstreamFailed failure) {
      Target target = opening.target();
      if (target.settings().protocol() == ProtocolMode.LEGACY) {
        throw failure;
      }
      return openUpgraded(transport, opening, failure);
    }
  }

  private Upstream openUpgraded(
      Transport.StreamableHttp transport, Opening opening, UpstreamFailed failure)
      throws InterruptedException {
    StatelessHttp channel = channel(transport, opening);
    boolean used = false;
    try {
      Verdict verdict = judgedAgain(opening.target(), channel, failure);
      if (verdict instanceof Verdict.Stateless(var facts)) {
        used = true;
        return upstream(opening, channel, facts);
      }
      throw failure;
    } finally {
      if (!used) {
        channel.close();
      }
    }
  }

  private Verdict judgedAgain(Target target, StatelessHttp channel, UpstreamFailed failure)
      throws InterruptedException {
    try {
      return judged(target, channel);
    } catch (UpstreamFailed probing) {
      failure.addSuppressed(probing);
      throw failure;
    }
  }
}
