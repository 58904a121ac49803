package io.reflow.gateway.upstream.http;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.CallsUnderWay;
import io.reflow.gateway.upstream.Envelope;
import io.reflow.gateway.upstream.Patience;
import io.reflow.gateway.upstream.PendingCall;
import io.reflow.gateway.upstream.SideMessages;
import io.reflow.gateway.upstream.UpstreamCall;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// One request and its answer, in one session or, for `initialize`, in none. A stream that ends
/// before the answer is resumed behind the last event that came.
final class Exchange implements Lingering.Open {

  private static final Duration PAUSE = Duration.ofSeconds(1);
  private static final int MOST_FAILURES = 5;

  private final Surroundings around;
  private final long id;
  private final @Nullable HttpSession within;
  private final PendingCall waiting;
  private final Attempt attempt;
  private volatile @Nullable Thread sending;
  private volatile @Nullable Thread resuming;
  private volatile boolean ended;

  Exchange(Surroundings around, UpstreamCall call, Caller caller, @Nullable HttpSession within) {
    this.around = around;
    this.id = around.ids().incrementAndGet();
    this.within = within;
    this.waiting = new PendingCall(around.target(), call, caller);
    this.attempt =
        new Attempt(
            id,
            waiting,
            within != null && within.id().isPresent(),
            around.calls().exclusive(),
            around.largestMessage(),
            around.sideMessages());
  }

  /// What the exchanges with one target have in common.
  record Surroundings(
      String target,
      Wire wire,
      AtomicLong ids,
      CallsUnderWay calls,
      SideMessages sideMessages,
      Patience patience,
      Lingering lingering,
      int largestMessage) {}

  Attempt attempt() {
    return attempt;
  }

  Answer run() throws InterruptedException {
    byte[] body = Envelope.request(id, waiting.call().method(), waiting.call().params());
    HttpRequest.Builder posting = around.wire().post(body, within);
    waiting.call().trace().each(posting::setHeader);
    HttpRequest request = posting.build();
    around.calls().add(id, waiting);
    boolean answered = false;
    try {
      PendingCall.Sending sent =
          waiting.caller().maySuspend() ? () -> sendApart(request) : () -> send(request);
      Answer answer = waiting.await(around.patience(), sent);
      answered = true;
      return answer;
    } catch (InterruptedException e) {
      cancel("the client has cancelled it");
      throw e;
    } catch (PendingCall.SilentTooLong e) {
      cancel("no answer in time");
      throw new UpstreamFailed(around.target(), e.what());
    } finally {
      around.calls().remove(id);
      around.sideMessages().over(waiting);
      if (!answered) {
        end();
      } else if (open()) {
        around.lingering().add(this);
      }
    }
  }

  /// Sends on another thread: the one that may wait for very long keeps its stack small.
  private void sendApart(HttpRequest request) {
    Thread thread =
        Thread.ofVirtual()
            .name("http-" + around.target() + "-send")
            .unstarted(() -> sendAll(request));
    sending = thread;
    thread.start();
  }

  private void sendAll(HttpRequest request) {
    try {
      send(request);
    } catch (InterruptedException e) {
      attempt.ended(e);
    } finally {
      sending = null;
      if (ended) {
        end();
      }
    }
  }

  private void cancel(String reason) {
    if (within != null) {
      around.wire().postLater(Envelope.cancelled(id, reason), within);
    }
  }

  private void send(HttpRequest request) throws InterruptedException {
    HttpResponse<Response> response;
    try {
      response = around.wire().exchange(request, attempt.handler());
    } catch (IOException | RuntimeException e) {
      attempt.ended(e);
      return;
    }
    if (response.body() instanceof Response.Events(var events)) {
      events.getBody().whenComplete((_, failure) -> streamEnded(failure));
    }
    attempt.take(response);
  }

  private void streamEnded(@Nullable Throwable failure) {
    if (!attempt.resumable() || ended) {
      attempt.ended(failure);
      return;
    }
    Thread thread =
        Thread.ofVirtual().name("http-" + around.target() + "-resume").unstarted(this::resume);
    resuming = thread;
    thread.start();
    if (ended) {
      thread.interrupt();
    }
  }

  private void resume() {
    @Nullable Throwable failure = null;
    try {
      int failures = 0;
      while (attempt.resumable() && failures < MOST_FAILURES) {
        Thread.sleep(attempt.position().pause().orElse(PAUSE));
        var before = attempt.position().lastId();
        failure = readOn(around.wire().stream(within, before));
        failures = before.equals(attempt.position().lastId()) ? failures + 1 : 0;
      }
    } catch (InterruptedException e) {
      failure = e;
    }
    attempt.ended(failure);
  }

  private @Nullable Throwable readOn(HttpRequest request) throws InterruptedException {
    try {
      var _ = around.wire().exchange(request, attempt::resumed);
      return null;
    } catch (IOException | RuntimeException e) {
      return e;
    }
  }

  @Override
  public boolean open() {
    EventStream events = attempt.opened();
    Thread thread = resuming;
    return (events != null && events.open()) || (thread != null && thread.isAlive());
  }

  @Override
  public void end() {
    ended = true;
    EventStream events = attempt.opened();
    if (events != null) {
      events.end();
    }
    interrupt(sending);
    interrupt(resuming);
  }

  private static void interrupt(@Nullable Thread thread) {
    if (thread != null) {
      thread.interrupt();
    }
  }
}
