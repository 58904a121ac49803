package io.reflow.gateway.upstream.http;

import io.reflow.gateway.config.Secret;
import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.CallsUnderWay;
import io.reflow.gateway.upstream.Handshake;
import io.reflow.gateway.upstream.Interest;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.Patience;
import io.reflow.gateway.upstream.ServerFacts;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import io.reflow.gateway.upstream.SideMessages;
import io.reflow.gateway.upstream.Subscriptions;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.UpstreamCall;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One MCP session with a target that speaks Streamable HTTP. When the target has forgotten the
/// session, a new one is opened in its place.
final class HttpUpstream implements Upstream {

  private static final Logger LOG = LoggerFactory.getLogger(HttpUpstream.class);

  private static final Duration OPENING = Duration.ofSeconds(2);
  private static final Duration LEAVING = Duration.ofSeconds(2);

  /// How long the first call waits for a stream that the target may ask on.
  private static final Duration TO_HEAR_QUESTIONS = Duration.ofSeconds(1);

  private static final int MOST_SESSIONS_IN_A_ROW = 3;

  /// Asking these twice does no harm.
  static final Set<String> SAFE_METHODS =
      Set.of(
          "tools/list",
          "resources/list",
          "resources/templates/list",
          "resources/read",
          "resources/subscribe",
          "resources/unsubscribe",
          "prompts/list",
          "prompts/get",
          "completion/complete",
          "ping");

  private final Settings settings;
  private final Handshake handshake;
  private final CallsUnderWay calls;
  private final Exchange.Surroundings around;
  private final ReentrantLock opening = new ReentrantLock();
  private volatile Interest wanted = Interest.NONE;
  private volatile @Nullable HttpSession session;
  private volatile @Nullable StandingStream stream;
  private volatile boolean closed;
  private volatile boolean over;

  HttpUpstream(Settings settings, URI url, Map<String, Secret> headers) {
    String target = settings.target();
    InstanceKey key = settings.key();
    this.settings = settings;
    this.handshake = new Handshake(target, settings.gatewayVersion(), key.capabilities());
    this.calls = new CallsUnderWay(key.exclusive());
    this.around =
        new Exchange.Surroundings(
            target,
            new Wire(target, settings.client(), url, headers),
            new AtomicLong(),
            calls,
            new SideMessages(target, settings.listener(), calls, this::reply),
            settings.patience(),
            settings.lingering(),
            settings.largestMessage());
  }

  /// What connections to a target have in common with each other.
  record Settings(
      String target,
      InstanceKey key,
      HttpClient client,
      Lingering lingering,
      Patience patience,
      Listener listener,
      String gatewayVersion,
      Duration initialize,
      int largestMessage) {}

  /// Opens the first session.
  ///
  /// @return why not, if the target speaks HTTP, but not in this way
  Optional<UpstreamFailed> open() throws InterruptedException {
    Exchange exchange = exchange(handshake.initialize(settings.initialize()), Caller.SILENT, null);
    try {
      use(opened(exchange));
      StandingStream standing = stream;
      if (standing != null && asks()) {
        standing.awaitOpen(TO_HEAR_QUESTIONS);
      }
      return Optional.empty();
    } catch (UpstreamFailed e) {
      if (exchange.attempt().speaksOtherwise()) {
        return Optional.of(e);
      }
      throw e;
    }
  }

  private HttpSession opened(Exchange exchange) throws InterruptedException {
    ServerFacts facts = handshake.read(exchange.run(), Handshake.STREAMABLE);
    Optional<String> id = exchange.attempt().sessionId();
    if (id.filter(text -> !HttpSession.isId(text)).isPresent()) {
      throw failed("opened a session under an id that can't be sent back");
    }
    HttpSession opened =
        new HttpSession(id, facts, new Subscriptions(facts, settings.initialize()));
    int status = around.wire().post(Handshake.initialized(), opened, settings.initialize());
    if (status / 100 != 2) {
      throw failed("answered notifications/initialized with HTTP " + status);
    }
    return opened;
  }

  private Exchange exchange(UpstreamCall call, Caller caller, @Nullable HttpSession within) {
    return new Exchange(around, call, caller, within);
  }

  private void use(HttpSession opened) {
    StandingStream former = stream;
    session = opened;
    stream = null;
    if (former != null) {
      former.close();
    }
    if (announces(opened.facts())
        || logs(opened.facts())
        || asks()
        || !wanted.equals(Interest.NONE)) {
      listenIn(opened);
    }
  }

  /// Whether the target may ask clients something elsewhere than on the stream of a call.
  private boolean asks() {
    InstanceKey key = settings.key();
    return key.exclusive() && !key.capabilities().equals(ClientCapabilities.NONE);
  }

  /// Whether the target may log something outside of calls that is for somebody.
  private boolean logs(ServerFacts facts) {
    return settings.key().exclusive() && facts.offers(Capability.LOGGING);
  }

  private static boolean announces(ServerFacts facts) {
    return facts.offers(Capability.TOOLS_LIST_CHANGED)
        || facts.offers(Capability.PROMPTS_LIST_CHANGED)
        || facts.offers(Capability.RESOURCES_LIST_CHANGED)
        || facts.offers(Capability.RESOURCES_SUBSCRIBE);
  }

  private StandingStream listenIn(HttpSession used) {
    var fresh = new StandingStream(around, used, new StreamEvents());
    stream = fresh;
    fresh.start();
    if (closed) {
      fresh.close();
    }
    return fresh;
  }

  private final class StreamEvents implements StandingStream.Events {
    @Override
    public void sessionGone(HttpSession gone) throws InterruptedException {
      try {
        renew(gone);
      } catch (GatewayException e) {
        over = true;
        LOG.atDebug()
            .setMessage("A session could not be opened anew: {}")
            .addArgument(e.reason())
            .addKeyValue("target", settings.target())
            .log();
      }
    }

    @Override
    public void missed() {
      announce(facts());
    }
  }

  private void reply(byte[] message) throws InterruptedException {
    HttpSession used = session;
    if (used != null) {
      around.wire().postAnyway(message, used);
    }
  }

  private UpstreamFailed failed(String what) {
    return new UpstreamFailed(settings.target(), what);
  }

  @Override
  public ServerFacts facts() {
    return current().facts();
  }

  private HttpSession current() {
    HttpSession open = session;
    if (open == null) {
      throw new IllegalStateException("asked before the handshake was done");
    }
    return open;
  }

  @Override
  public boolean alive() {
    return !closed && !over;
  }

  @Override
  public void follow(Interest interest) throws InterruptedException {
    wanted = interest;
    for (int i = 0; i < MOST_SESSIONS_IN_A_ROW; i++) {
      HttpSession used = current();
      awaitStream(used);
      used.subscriptions().become(interest.uris(), call -> call(call, Caller.SILENT));
      if (used.equals(session)) {
        return;
      }
    }
    throw failed("forgets its sessions all the time");
  }

  private void awaitStream(HttpSession used) throws InterruptedException {
    StandingStream standing = stream;
    if (standing == null && !wanted.equals(Interest.NONE)) {
      standing = listenIn(used);
    }
    if (standing != null) {
      standing.awaitOpen(OPENING);
    }
  }

  @Override
  public boolean hears() {
    StandingStream standing = stream;
    return standing == null || !standing.refused();
  }

  @Override
  public Answer call(UpstreamCall call, Caller caller) throws InterruptedException {
    if (closed) {
      throw failed("was disconnected");
    }
    HttpSession used = current();
    Exchange exchange = exchange(call, caller, used);
    try {
      return exchange.run();
    } catch (UpstreamFailed failure) {
      switch (exchange.attempt().verdict()) {
        case DECIDED -> throw failure;
        case SESSION_GONE -> renew(used);
        case BROKEN -> {
          if (closed || !SAFE_METHODS.contains(call.method())) {
            throw failure;
          }
        }
      }
      return exchange(call, caller, current()).run();
    }
  }

  /// Opens a session in place of `gone`, unless somebody else just did.
  private void renew(HttpSession gone) throws InterruptedException {
    if (!opening.tryLock(settings.initialize().toNanos(), TimeUnit.NANOSECONDS)) {
      throw failed("did not open a new session in time");
    }
    Exchange asked = exchange(handshake.initialize(settings.initialize()), Caller.SILENT, null);
    HttpSession opened;
    try {
      if (!gone.equals(session) || closed) {
        return;
      }
      opened = opened(asked);
      use(opened);
    } catch (UpstreamFailed e) {
      // It may be another server by now, which whoever opens the next instance finds out. A
      // connection that broke says nothing: the next call tries again.
      over = asked.attempt().verdict() != Attempt.Verdict.BROKEN;
      throw e;
    } finally {
      opening.unlock();
    }
    resubscribe(opened);
    announce(opened.facts());
  }

  /// An instance that nobody can listen to is replaced by another one.
  private void resubscribe(HttpSession opened) throws InterruptedException {
    try {
      if (!wanted.uris().isEmpty()) {
        opened
            .subscriptions()
            .become(wanted.uris(), call -> exchange(call, Caller.SILENT, opened).run());
      }
    } catch (UpstreamFailed e) {
      over = true;
    }
  }

  /// A target that forgot its sessions may be another version of itself, and what it said in
  /// between was not heard.
  private void announce(ServerFacts facts) {
    Listener listener = settings.listener();
    if (facts.offers(Capability.TOOLS)) {
      listener.listChanged(Listener.ListKind.TOOLS);
    }
    if (facts.offers(Capability.PROMPTS)) {
      listener.listChanged(Listener.ListKind.PROMPTS);
    }
    if (facts.offers(Capability.RESOURCES)) {
      listener.listChanged(Listener.ListKind.RESOURCES);
    }
    wanted
        .uris()
        .forEach(uri ->
            listener.resourceUpdated(uri, RawJson.of("{\"uri\":" + JsonText.quote(uri) + "}")));
  }

  @Override
  public void tell(byte[] notification) throws InterruptedException {
    reply(notification);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    StandingStream standing = stream;
    if (standing != null) {
      standing.close();
    }
    calls.failAll("was disconnected");
    HttpSession open = session;
    if (open == null || open.id().isEmpty()) {
      return;
    }
    try {
      around.wire().delete(open, LEAVING);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (UpstreamFailed _) {
      // It was for the target's sake.
    }
  }
}
