package io.reflow.gateway.upstream;

import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.RawJson;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// What an upstream may want from the caller while it works on a call. `progress` and `log` are
/// called by the upstream's reader thread and must not block for long.
public interface Caller {

  /// The `params` of a `notifications/progress` for this call, still with the upstream's token.
  void progress(RawJson params);

  /// The `params` of a `notifications/message` that belongs to this call.
  void log(RawJson params);

  /// Asks the client, all questions at once, and waits until each is answered. Never called by a
  /// reader thread.
  ///
  /// @return an answer for each key
  /// @throws InterruptedException when the call is over before all is answered
  Map<String, InputRequest.Answer> ask(List<InputRequest> questions) throws InterruptedException;

  /// Asks in the same way, and hands the answers over: before this returns, or later, by a thread
  /// of their own, where nobody has to wait meanwhile.
  ///
  /// @param then gets an answer for each key, or none when the questions were taken back
  default Asked ask(List<InputRequest> questions, Consumer<Map<String, InputRequest.Answer>> then)
      throws InterruptedException {
    then.accept(ask(questions));
    return Asked.OVER;
  }

  /// Questions that may still be open.
  @FunctionalInterface
  interface Asked {

    /// The answers were handed over.
    Asked OVER = () -> {};

    /// Nobody wants to know any more. Idempotent; does not block.
    void takeBack();
  }

  /// Whether the call may be suspended until its client comes back: for so long that it should hold
  /// nothing but what it needs then.
  default boolean maySuspend() {
    return false;
  }

  /// What the client can be asked for.
  ClientCapabilities capabilities();

  /// The target wants to ask for this, which the client has not declared; it is refused. Called by
  /// the upstream's reader thread, must not block.
  default void lacks(ClientCapabilities needed) {}

  /// The gravest log messages are always wanted, those below this level are not; empty when the
  /// client wants none at all.
  Optional<LogLevel> logLevel();

  /// Whether the client takes an answer that is `input_required` as it is, and calls again by
  /// itself: nothing is asked then, and the answer of a stateless target is handed on.
  boolean takesInputRequired();

  /// A caller that wants to hear nothing and can't be asked: for the gateway's own calls.
  Caller SILENT =
      new Caller() {
        @Override
        public void progress(RawJson params) {}

        @Override
        public void log(RawJson params) {}

        @Override
        public Map<String, InputRequest.Answer> ask(List<InputRequest> questions) {
          throw new IllegalStateException("the gateway's own calls can't be asked");
        }

        @Override
        public ClientCapabilities capabilities() {
          return ClientCapabilities.NONE;
        }

        @Override
        public Optional<LogLevel> logLevel() {
          return Optional.empty();
        }

        @Override
        public boolean takesInputRequired() {
          return false;
        }
      };
}
