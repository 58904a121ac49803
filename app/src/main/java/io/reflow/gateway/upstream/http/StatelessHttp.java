package io.reflow.gateway.upstream.http;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.HeaderText;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Announcements;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.Envelope;
import io.reflow.gateway.upstream.ParamsIndex;
import io.reflow.gateway.upstream.Patience;
import io.reflow.gateway.upstream.PendingCall;
import io.reflow.gateway.upstream.UpstreamCall;
import io.reflow.gateway.upstream.era.Discovery;
import io.reflow.gateway.upstream.era.StatelessError;
import io.reflow.gateway.upstream.era.Verdict;
import io.reflow.gateway.upstream.stateless.Channel;
import io.reflow.gateway.upstream.stateless.Context;
import io.reflow.gateway.upstream.stateless.Subscriber;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Requests to a stateless target over HTTP: each is a POST of its own, and to cancel it is to
/// close its response.
final class StatelessHttp implements Channel {

  private static final Logger LOG = LoggerFactory.getLogger(StatelessHttp.class);

  private static final String VERSION = ProtocolVersion.V2026_07_28.wireName();

  /// A target that is of our era answers these only to what it does not know as such.
  private static final Set<Integer> DOUBTFUL = Set.of(400, 404, 405);

  private final String target;
  private final Wire wire;
  private final Context context;
  private final Patience patience;
  private final Lingering lingering;
  private final int largestMessage;
  private final ToolHeaders toolHeaders = new ToolHeaders();
  private final AtomicLong ids = new AtomicLong();
  private final AtomicBoolean doubtful = new AtomicBoolean();
  private final Set<Exchange> underWay = ConcurrentHashMap.newKeySet();
  private final Set<Thread> listening = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  StatelessHttp(
      String target,
      Wire wire,
      Context context,
      Patience patience,
      Lingering lingering,
      int largestMessage) {
    this.target = target;
    this.wire = wire;
    this.context = context;
    this.patience = patience;
    this.lingering = lingering;
    this.largestMessage = largestMessage;
  }

  private UpstreamFailed failed(String what) {
    return new UpstreamFailed(target, what);
  }

  @Override
  public Answer exchange(UpstreamCall call, byte[] said, Caller caller)
      throws InterruptedException {
    Answer answer = exchangeSafely(call, said, caller);
    if (call.method().equals("tools/list") && answer instanceof Answer.Result(var result, _)) {
      toolHeaders.learn(result);
    }
    if (call.method().equals("tools/call")
        && StatelessError.is(answer, StatelessError.HEADER_MISMATCH)) {
      refreshTools(call, said);
      return new Exchange(call, said, caller).run();
    }
    return answer;
  }

  /// Sends it again after a broken connection only where that does no harm.
  private Answer exchangeSafely(UpstreamCall call, byte[] said, Caller caller)
      throws InterruptedException {
    Exchange exchange = new Exchange(call, said, caller);
    try {
      return exchange.run();
    } catch (UpstreamFailed failure) {
      if (DOUBTFUL.contains(exchange.response.status())) {
        doubtful.set(true);
      }
      if (!exchange.broken || !HttpUpstream.SAFE_METHODS.contains(call.method())) {
        throw failure;
      }
      return new Exchange(call, said, caller).run();
    }
  }

  /// The tool may have changed since it was listed, or was never listed over this connection.
  private void refreshTools(UpstreamCall call, byte[] said) throws InterruptedException {
    var list =
        new UpstreamCall(
            "tools/list",
            RawJson.EMPTY_OBJECT,
            OptionalLong.empty(),
            call.idleTimeout(),
            call.maxDuration());
    if (new Exchange(list, said, Caller.SILENT).run() instanceof Answer.Result(var result, _)) {
      toolHeaders.learn(result);
    }
  }

  private HttpRequest request(UpstreamCall call, byte[] body) {
    HttpRequest.Builder builder =
        wire.post(body, null)
            .setHeader("MCP-Protocol-Version", VERSION)
            .setHeader("Mcp-Method", call.method());
    if (ParamsIndex.nameMember(call.method()).isPresent()) {
      call.index().name().ifPresent(name -> builder.setHeader("Mcp-Name", HeaderText.encode(name)));
    }
    call.trace().each(builder::setHeader);
    for (Map.Entry<String, String> header : toolHeaders.of(call).entrySet()) {
      builder.setHeader(header.getKey(), header.getValue());
    }
    return builder.build();
  }

  /// One request and its answer.
  private final class Exchange implements StatelessResponse.Receiver, Lingering.Open {
    private final UpstreamCall call;
    private final long id = ids.incrementAndGet();
    private final PendingCall waiting;
    private final StatelessResponse response;
    private final HttpRequest request;
    private volatile boolean broken;

    /// The connection has ended before anything came over it.
    private volatile boolean lost;

    Exchange(UpstreamCall call, byte[] said, Caller caller) {
      this.call = call;
      this.waiting = new PendingCall(target, call, caller);
      this.response = new StatelessResponse(id, largestMessage, this);
      this.request =
          request(
              call, Envelope.request(id, call.method(), call.params(), call.index().meta(), said));
    }

    Answer run() throws InterruptedException {
      underWay.add(this);
      boolean answered = false;
      try {
        if (closed) {
          throw failed("was disconnected");
        }
        Answer answer = waiting.await(patience, this::send);
        answered = true;
        return answer;
      } catch (PendingCall.SilentTooLong e) {
        throw failed(e.what());
      } finally {
        underWay.remove(this);
        if (!answered) {
          end();
        } else if (open()) {
          lingering.add(this);
        }
      }
    }

    private void send() throws InterruptedException {
      HttpResponse<Response> arrived;
      try {
        arrived = wire.exchange(request, response.handler());
      } catch (IOException | RuntimeException e) {
        lost =
            e instanceof IOException
                && !(e instanceof ConnectException)
                && !(e instanceof HttpTimeoutException)
                && response.status() == 0;
        ended(e);
        return;
      }
      if (arrived.body() instanceof Response.Events(var events)) {
        events.getBody().whenComplete((_, failure) -> ended(failure));
      }
      response.take(arrived);
    }

    private void ended(@Nullable Throwable failure) {
      if (!waiting.settled()) {
        broken = failure != null;
        waiting.fail(
            failure == null ? "ended its answer before it was complete" : Wire.inWords(failure));
      }
    }

    @Override
    public boolean open() {
      EventStream events = response.opened();
      return events != null && events.open();
    }

    @Override
    public void end() {
      EventStream events = response.opened();
      if (events != null) {
        events.end();
      }
    }

    @Override
    public void heard() {
      waiting.heard();
    }

    @Override
    public void notification(Message.Notification notification) {
      switch (notification.method()) {
        case "notifications/progress" -> {
          OptionalLong token = Announcements.progressToken(notification.params());
          if (token.isPresent() && token.equals(call.progressToken())) {
            waiting.progress(notification.params().raw());
          }
        }
        case "notifications/message" -> waiting.log(notification.params().raw());
        default -> waiting.heard();
      }
    }

    @Override
    public void answer(Answer answer) {
      waiting.answer(answer);
    }

    @Override
    public void fail(String what) {
      waiting.fail(what);
    }

    @Override
    public boolean settled() {
      return waiting.settled();
    }
  }

  @Override
  public Verdict discover(Duration timeout) throws InterruptedException {
    return new Discovery(target).run(capabilities -> discover(capabilities, timeout));
  }

  /// A connection that was kept may end just when it is used again. The question changes nothing at
  /// the target: where that happens, it is put once more, over another connection.
  private Discovery.Heard discover(RawJson capabilities, Duration timeout)
      throws InterruptedException {
    var call =
        new UpstreamCall(
            Discovery.METHOD, RawJson.EMPTY_OBJECT, OptionalLong.empty(), timeout, timeout);
    byte[] said = context.declaring(capabilities);
    Exchange first = new Exchange(call, said, Caller.SILENT);
    try {
      return heard(first);
    } catch (UpstreamFailed e) {
      if (!first.lost) {
        throw e;
      }
      LOG.debug("A connection to {} ended while it was used; asking again", target, e);
    }
    return heard(new Exchange(call, said, Caller.SILENT));
  }

  private static Discovery.Heard heard(Exchange exchange) throws InterruptedException {
    try {
      Answer answer = exchange.run();
      return new Discovery.Heard.Said(answer, exchange.response.status());
    } catch (UpstreamFailed e) {
      boolean over = exchange.waiting.remaining() > 0 && !exchange.broken;
      if (over && exchange.response.status() > 0) {
        return new Discovery.Heard.Refused(exchange.response.status());
      }
      throw e;
    }
  }

  @Override
  public Subscription listen(RawJson params, byte[] said, Subscriber subscriber) {
    long id = ids.incrementAndGet();
    var call =
        new UpstreamCall(
            "subscriptions/listen", params, OptionalLong.empty(), Duration.ZERO, Duration.ZERO);
    HttpRequest request =
        request(call, Envelope.request(id, call.method(), params, call.index().meta(), said));
    var listening = new Listening(id, largestMessage, subscriber);
    Thread thread =
        Thread.ofVirtual()
            .name("http-" + target + "-listen")
            .unstarted(() -> {
              try {
                listen(request, listening);
              } finally {
                this.listening.remove(Thread.currentThread());
              }
            });
    this.listening.add(thread);
    thread.start();
    if (closed) {
      thread.interrupt();
    }
    return () -> {
      listening.leave();
      thread.interrupt();
    };
  }

  private void listen(HttpRequest request, Listening listening) {
    try {
      HttpResponse<Response> arrived = wire.exchange(request, listening.response().handler());
      listening.response().take(arrived);
      if (arrived.body() instanceof Response.Events(var events)) {
        events.awaitEnd();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException e) {
      LOG.atDebug()
          .setMessage("A subscription of a target has ended: {}")
          .addArgument(Wire.inWords(e))
          .addKeyValue("target", target)
          .log();
    }
    listening.over();
  }

  @Override
  public boolean doubtful() {
    return doubtful.getAndSet(false);
  }

  @Override
  public boolean alive() {
    return !closed;
  }

  @Override
  public OptionalLong pid() {
    return OptionalLong.empty();
  }

  @Override
  public void close() {
    closed = true;
    listening.forEach(Thread::interrupt);
    underWay.forEach(exchange -> exchange.waiting.breakOff("was disconnected"));
  }
}
