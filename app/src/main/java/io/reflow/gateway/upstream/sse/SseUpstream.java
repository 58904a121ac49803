package io.reflow.gateway.upstream.sse;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.telemetry.Propagation;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.CallsUnderWay;
import io.reflow.gateway.upstream.Envelope;
import io.reflow.gateway.upstream.Handshake;
import io.reflow.gateway.upstream.Interest;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.Patience;
import io.reflow.gateway.upstream.PendingCall;
import io.reflow.gateway.upstream.ServerFacts;
import io.reflow.gateway.upstream.SideMessages;
import io.reflow.gateway.upstream.Subscriptions;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.UpstreamCall;
import io.reflow.gateway.upstream.http.Lingering;
import io.reflow.gateway.upstream.http.Wire;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// One session with a target that speaks HTTP+SSE: all it says comes on one stream. With the stream
/// everything is over; whoever calls then needs a new upstream.
final class SseUpstream implements Upstream {

  private static final Duration NOTIFYING = Duration.ofSeconds(5);

  private final Settings settings;
  private final CallsUnderWay calls;
  private final SideMessages sideMessages;
  private final SseStream stream;
  private final AtomicLong ids = new AtomicLong();
  private volatile @Nullable Session session;

  SseUpstream(Settings settings, Wire wire) {
    String target = settings.target();
    this.settings = settings;
    this.calls = new CallsUnderWay(settings.key().exclusive());
    this.sideMessages = new SideMessages(target, settings.listener(), calls, this::reply);
    this.stream = new SseStream(target, wire, calls, sideMessages, settings.largestMessage());
  }

  /// What connections to a target have in common with each other.
  record Settings(
      String target,
      InstanceKey key,
      Patience patience,
      Lingering lingering,
      Listener listener,
      String gatewayVersion,
      Duration initialize,
      int largestMessage) {}

  private record Session(ServerFacts facts, Subscriptions subscriptions) {}

  void open() throws InterruptedException {
    stream.open(settings.initialize());
    var handshake =
        new Handshake(settings.target(), settings.gatewayVersion(), settings.key().capabilities());
    Answer answer = call(handshake.initialize(settings.initialize()), Caller.SILENT);
    ServerFacts facts = handshake.read(answer, Handshake.WITH_SESSIONS);
    session = new Session(facts, new Subscriptions(facts, settings.initialize()));
    stream
        .post(Handshake.initialized(), version(), Propagation.NONE, settings.initialize())
        .ifPresent(what -> {
          throw new UpstreamFailed(settings.target(), what);
        });
  }

  private Optional<String> version() {
    return Optional.ofNullable(session).map(open -> open.facts().version().wireName());
  }

  private Session session() {
    Session open = session;
    if (open == null) {
      throw new IllegalStateException("asked before the handshake was done");
    }
    return open;
  }

  @Override
  public ServerFacts facts() {
    return session().facts();
  }

  @Override
  public boolean alive() {
    return stream.alive();
  }

  @Override
  public void follow(Interest interest) throws InterruptedException {
    session().subscriptions().become(interest.uris(), call -> call(call, Caller.SILENT));
  }

  @Override
  public Answer call(UpstreamCall call, Caller caller) throws InterruptedException {
    long id = ids.incrementAndGet();
    var waiting = new PendingCall(settings.target(), call, caller);
    byte[] request = Envelope.request(id, call.method(), call.params());
    calls.add(id, waiting);
    if (!stream.alive()) {
      waiting.fail(stream.ending().orElse("was disconnected"));
    }
    Thread posting =
        Thread.ofVirtual()
            .name("sse-" + settings.target() + "-call")
            .start(() -> post(request, call, waiting));
    boolean answered = false;
    try {
      Answer answer = waiting.await(settings.patience());
      answered = true;
      return answer;
    } catch (InterruptedException e) {
      cancel(id, call, "the client has cancelled it");
      throw e;
    } catch (PendingCall.SilentTooLong e) {
      cancel(id, call, "no answer in time");
      throw new UpstreamFailed(settings.target(), e.what());
    } finally {
      Optional<PendingCall> _ = calls.remove(id);
      sideMessages.over(waiting);
      if (!answered) {
        posting.interrupt();
      } else if (posting.isAlive()) {
        settings.lingering().add(new Posting(posting));
      }
    }
  }

  private record Posting(Thread thread) implements Lingering.Open {
    @Override
    public boolean open() {
      return thread.isAlive();
    }

    @Override
    public void end() {
      thread.interrupt();
    }
  }

  private void post(byte[] request, UpstreamCall call, PendingCall waiting) {
    try {
      stream.post(request, version(), call.trace(), call.maxDuration()).ifPresent(waiting::fail);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void cancel(long id, UpstreamCall call, String reason) {
    if (!call.method().equals("initialize")) {
      byte[] message = Envelope.cancelled(id, reason);
      Thread.ofVirtual().name("sse-" + settings.target() + "-notify").start(() -> notify(message));
    }
  }

  private void notify(byte[] message) {
    try {
      reply(message);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void reply(byte[] message) throws InterruptedException {
    Optional<String> _ = stream.post(message, version(), Propagation.NONE, NOTIFYING);
  }

  @Override
  public void tell(byte[] notification) throws InterruptedException {
    reply(notification);
  }

  @Override
  public void close() {
    stream.close();
  }
}
