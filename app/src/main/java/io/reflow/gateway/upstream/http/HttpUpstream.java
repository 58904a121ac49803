package io.reflow.gateway.upstream.http;

import io.reflow.gateway.config.Secret;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.ErrorCode;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Announcements;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.Envelope;
import io.reflow.gateway.upstream.Handshake;
import io.reflow.gateway.upstream.Interest;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.Patience;
import io.reflow.gateway.upstream.PendingCall;
import io.reflow.gateway.upstream.ServerFacts;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.UpstreamCall;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// One MCP session with a target that speaks Streamable HTTP. When the target has forgotten the
/// session, a new one is opened in its place.
final class HttpUpstream implements Upstream {

  private static final Duration LEAVING = Duration.ofSeconds(2);

  /// Asking these twice does no harm.
  private static final Set<String> SAFE_METHODS =
      Set.of(
          "tools/list",
          "resources/list",
          "resources/templates/list",
          "resources/read",
          "prompts/list",
          "prompts/get",
          "completion/complete",
          "ping");

  private final Settings settings;
  private final Wire wire;
  private final Handshake handshake;
  private final AtomicLong ids = new AtomicLong();
  private final ReentrantLock opening = new ReentrantLock();
  private final Semaphore replies = new Semaphore(16);
  private volatile @Nullable HttpSession session;
  private volatile boolean closed;

  HttpUpstream(Settings settings, URI url, Map<String, Secret> headers) {
    this.settings = settings;
    this.handshake =
        new Handshake(settings.target(), settings.gatewayVersion(), settings.capabilities());
    this.wire = new Wire(settings.target(), settings.client(), url, headers);
  }

  /// What connections to a target have in common with each other.
  record Settings(
      String target,
      HttpClient client,
      Lingering lingering,
      Patience patience,
      Listener listener,
      ClientCapabilities capabilities,
      String gatewayVersion,
      Duration initialize,
      int largestMessage) {}

  void open() throws InterruptedException {
    session = initialize();
  }

  private HttpSession initialize() throws InterruptedException {
    UpstreamCall call = handshake.initialize(settings.initialize());
    Exchange exchange = new Exchange(call, Caller.SILENT, null);
    Answer answer = exchange.run();
    ServerFacts facts = handshake.read(answer, Handshake.STREAMABLE);
    Optional<String> id = exchange.attempt.sessionId();
    if (id.filter(text -> !HttpSession.isId(text)).isPresent()) {
      throw failed("opened a session under an id that can't be sent back");
    }
    HttpSession opened = new HttpSession(id, facts);
    int status = wire.post(Handshake.initialized(), opened, settings.initialize());
    if (status / 100 != 2) {
      throw failed("answered notifications/initialized with HTTP " + status);
    }
    return opened;
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
    return !closed;
  }

  @Override
  public void follow(Interest interest) {}

  @Override
  public Answer call(UpstreamCall call, Caller caller) throws InterruptedException {
    if (closed) {
      throw failed("was disconnected");
    }
    HttpSession used = current();
    Exchange exchange = new Exchange(call, caller, used);
    try {
      return exchange.run();
    } catch (UpstreamFailed failure) {
      switch (exchange.attempt.verdict()) {
        case DECIDED -> throw failure;
        case SESSION_GONE -> renew(used);
        case BROKEN -> {
          if (!SAFE_METHODS.contains(call.method())) {
            throw failure;
          }
        }
      }
      return new Exchange(call, caller, current()).run();
    }
  }

  /// Opens a session in place of `gone`, unless somebody else just did.
  private void renew(HttpSession gone) throws InterruptedException {
    if (!opening.tryLock(settings.initialize().toNanos(), TimeUnit.NANOSECONDS)) {
      throw failed("did not open a new session in time");
    }
    try {
      if (!gone.equals(session)) {
        return;
      }
      HttpSession opened = initialize();
      session = opened;
      announce(opened.facts());
    } finally {
      opening.unlock();
    }
  }

  /// A target that forgot its sessions may be another version of itself.
  private void announce(ServerFacts facts) {
    if (facts.offers(Capability.TOOLS)) {
      settings.listener().listChanged(Listener.ListKind.TOOLS);
    }
    if (facts.offers(Capability.PROMPTS)) {
      settings.listener().listChanged(Listener.ListKind.PROMPTS);
    }
    if (facts.offers(Capability.RESOURCES)) {
      settings.listener().listChanged(Listener.ListKind.RESOURCES);
    }
  }

  /// One request and its answer, in one session or, for `initialize`, in none.
  private final class Exchange implements Attempt.SideMessages {
    private final long id = ids.incrementAndGet();
    private final UpstreamCall call;
    private final @Nullable HttpSession within;
    private final PendingCall waiting;
    private final Attempt attempt;

    Exchange(UpstreamCall call, Caller caller, @Nullable HttpSession within) {
      this.call = call;
      this.within = within;
      this.waiting = new PendingCall(settings.target(), call, caller);
      this.attempt =
          new Attempt(
              id,
              waiting,
              within != null && within.id().isPresent(),
              settings.largestMessage(),
              this);
    }

    Answer run() throws InterruptedException {
      byte[] body = Envelope.request(id, call.method(), call.params());
      var response = wire.send(body, within, attempt);
      var _ = response.whenComplete((_, failure) -> end(failure));
      try {
        Answer answer = waiting.await(settings.patience());
        if (attempt.stream() && !response.isDone()) {
          settings.lingering().add(attempt, response);
        }
        return answer;
      } catch (InterruptedException e) {
        giveUp(response, "the client has cancelled it");
        throw e;
      } catch (PendingCall.SilentTooLong e) {
        giveUp(response, "no answer in time");
        throw failed(e.what());
      }
    }

    private void end(@Nullable Throwable failure) {
      settings.lingering().remove(attempt);
      attempt.ended(failure);
    }

    private void giveUp(CompletableFuture<?> response, String reason) {
      response.cancel(true);
      if (within != null) {
        wire.postLater(Envelope.cancelled(id, reason), within, () -> {});
      }
    }

    @Override
    public void notification(Message.Notification notification, PendingCall call) {
      switch (notification.method()) {
        case "notifications/progress" -> {
          if (this.call.progressToken().isPresent()
              && Announcements.progressToken(notification.params())
                  .equals(this.call.progressToken())) {
            call.progress(notification.params().raw());
          }
        }
        case "notifications/message" -> call.log(notification.params().raw());
        default ->
            Announcements.changedList(notification.method())
                .ifPresent(settings.listener()::listChanged);
      }
    }

    @Override
    public void request(Message.Request request) {
      if (within != null && replies.tryAcquire()) {
        byte[] reply =
            request.method().equals("ping")
                ? Envelope.result(request.id(), RawJson.EMPTY_OBJECT)
                : Envelope.error(
                    request.id(),
                    ErrorCode.METHOD_NOT_FOUND.value(),
                    "not supported by this client");
        wire.postLater(reply, within, replies::release);
      }
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    HttpSession open = session;
    if (open == null || open.id().isEmpty()) {
      return;
    }
    try {
      wire.delete(open, LEAVING);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (UpstreamFailed _) {
      // It was for the target's sake.
    }
  }
}
