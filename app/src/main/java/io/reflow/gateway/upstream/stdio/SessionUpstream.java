package io.reflow.gateway.upstream.stdio;

import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.Envelope;
import io.reflow.gateway.upstream.Handshake;
import io.reflow.gateway.upstream.Interest;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.PendingCall;
import io.reflow.gateway.upstream.ServerFacts;
import io.reflow.gateway.upstream.SideMessages;
import io.reflow.gateway.upstream.Subscriptions;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.UpstreamCall;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/// A process that is spoken with after an `initialize`. What it asks and does not say of which call
/// belongs to a call of its one user, or to none.
final class SessionUpstream implements Upstream {

  private final Pipe pipe;
  private final ServerFacts facts;
  private final Subscriptions subscriptions;

  private SessionUpstream(Pipe pipe, ServerFacts facts, Duration patience) {
    this.pipe = pipe;
    this.facts = facts;
    this.subscriptions = new Subscriptions(facts, patience);
  }

  /// Shakes hands.
  ///
  /// @param patience for an answer that the gateway itself waits for
  static SessionUpstream open(
      Pipe pipe, Handshake handshake, Listener listener, Duration timeout, Duration patience)
      throws InterruptedException {
    pipe.tell(new Hearing(pipe, listener));
    Answer answer = exchange(pipe, handshake.initialize(timeout), Caller.SILENT);
    ServerFacts facts = handshake.read(answer, Handshake.WITH_SESSIONS);
    pipe.sendNow(Handshake.initialized());
    return new SessionUpstream(pipe, facts, patience);
  }

  private static Answer exchange(Pipe pipe, UpstreamCall call, Caller caller)
      throws InterruptedException {
    return pipe.exchange(call, id -> Envelope.request(id, call.method(), call.params()), caller);
  }

  /// What the process says by itself.
  private static final class Hearing implements Pipe.Peer {
    private final SideMessages messages;

    Hearing(Pipe pipe, Listener listener) {
      this.messages = new SideMessages(pipe.target(), listener, pipe.calls(), pipe::reply);
    }

    @Override
    public void notification(Message.Notification notification) {
      messages.notification(notification, Optional.empty());
    }

    @Override
    public void request(Message.Request request) {
      messages.request(request, Optional.empty());
    }

    @Override
    public void answered(long id, Answer answer) {}

    @Override
    public void over(PendingCall call) {
      messages.over(call);
    }

    @Override
    public void ended() {}
  }

  @Override
  public ServerFacts facts() {
    return facts;
  }

  @Override
  public OptionalLong pid() {
    return OptionalLong.of(pipe.pid());
  }

  @Override
  public boolean alive() {
    return pipe.alive();
  }

  @Override
  public Answer call(UpstreamCall call, Caller caller) throws InterruptedException {
    return exchange(pipe, call, caller);
  }

  /// Changes of lists are told in any case.
  @Override
  public void follow(Interest interest) throws InterruptedException {
    subscriptions.become(interest.uris(), call -> call(call, Caller.SILENT));
  }

  @Override
  public void tell(byte[] notification) throws InterruptedException {
    pipe.reply(notification);
  }

  @Override
  public void close() {
    pipe.close();
  }
}
