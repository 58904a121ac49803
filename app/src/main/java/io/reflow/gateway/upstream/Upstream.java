package io.reflow.gateway.upstream;

import io.reflow.gateway.instance.Instance;

/// A live connection to one instance of a target, whatever it speaks; shared by all callers of the
/// instance, safe for use by many threads. Blocks: the caller's virtual thread waits.
public interface Upstream extends Instance {

  /// What the target said of itself at the handshake.
  ServerFacts facts();

  /// Sends a request under an id of the upstream's own and waits for its answer.
  ///
  /// When the calling thread is interrupted, the request is cancelled at the target too.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.UpstreamFailed when the target is gone, is
  ///   silent for too long, or answers with garbage
  Answer call(UpstreamCall call, Caller caller) throws InterruptedException;

  /// Makes the target tell the listener of exactly this from now on, in place of what it was to
  /// tell before, and returns once it does. What the target does not offer is left out.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.UpstreamFailed when the target is gone or
  ///   does not agree in time
  void follow(Interest interest) throws InterruptedException;

  /// Whether there is a way on which the target could say what belongs to no call, once it is
  /// followed. True where that is not certain.
  default boolean hears() {
    return true;
  }

  /// Sends a notification of the client's, to a target of the `initialize` era; the others take
  /// none. Returns once it has left, for which it waits for a bounded time, whatever comes of it.
  default void tell(byte[] notification) throws InterruptedException {}

  /// False once the connection can't carry another call.
  @Override
  boolean alive();

  /// Ends the connection, and the process behind it if there is one. Calls under way fail.
  /// Idempotent; returns within a few seconds.
  @Override
  void close();
}
