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
import java.net.http.HttpResponse.BodyHandler;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// One request and its answer, in one session or, for `initialize`, in none. A stream that ends
/// before the answer is resumed behind the last event that came.
final class Exchange {

  private static final Duration PAUSE = Duration.ofSeconds(1);
  private static final int MOST_FAILURES = 5;

  private final Surroundings around;
  private final long id;
  private final @Nullable HttpSession within;
  private final PendingCall waiting;
  private final Attempt attempt;

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
    HttpRequest request = around.wire().post(body, within).build();
    around.calls().add(id, waiting);
    Thread talk =
        Thread.ofVirtual().name("http-" + around.target() + "-call").start(() -> converse(request));
    boolean answered = false;
    try {
      Answer answer = waiting.await(around.patience());
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
        talk.interrupt();
      } else if (attempt.stream() && talk.isAlive()) {
        around.lingering().add(talk);
      }
    }
  }

  private void cancel(String reason) {
    if (within != null) {
      around.wire().postLater(Envelope.cancelled(id, reason), within);
    }
  }

  private void converse(HttpRequest first) {
    @Nullable Throwable failure = null;
    try {
      failure = exchange(first, attempt);
      int failures = 0;
      while (attempt.resumable() && failures < MOST_FAILURES) {
        Thread.sleep(attempt.position().pause().orElse(PAUSE));
        var before = attempt.position().lastId();
        failure = exchange(around.wire().stream(within, before), attempt::resumed);
        failures = before.equals(attempt.position().lastId()) ? failures + 1 : 0;
      }
    } catch (InterruptedException e) {
      failure = e;
    }
    attempt.ended(failure);
  }

  private @Nullable Throwable exchange(HttpRequest request, BodyHandler<Boolean> handler)
      throws InterruptedException {
    try {
      around.wire().exchange(request, handler);
      return null;
    } catch (IOException | RuntimeException e) {
      return e;
    }
  }
}
