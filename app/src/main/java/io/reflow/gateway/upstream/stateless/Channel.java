package io.reflow.gateway.upstream.stateless;

import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.UpstreamCall;
import io.reflow.gateway.upstream.era.Verdict;
import java.time.Duration;
import java.util.OptionalLong;

/// Carries requests to a stateless target, each by itself. Used by many threads.
public interface Channel extends AutoCloseable {

  /// Sends a request under an id of its own and waits for its answer; interrupting the thread
  /// cancels the request at the target too.
  ///
  /// @param context the members of `_meta` that say who asks
  Answer exchange(UpstreamCall call, byte[] context, Caller caller) throws InterruptedException;

  /// Asks the target what it is.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.UpstreamFailed when it says nothing of that
  Verdict discover(Duration timeout) throws InterruptedException;

  /// Sends `subscriptions/listen` and returns at once.
  Subscription listen(RawJson params, byte[] context, Subscriber subscriber);

  /// Whether a failure since the last time may mean that the target is not what it was.
  boolean doubtful();

  boolean alive();

  OptionalLong pid();

  @Override
  void close();

  /// A `subscriptions/listen` that has been sent, until it is closed.
  interface Subscription extends AutoCloseable {

    /// Ends it, without waiting for the target. Idempotent.
    @Override
    void close();
  }
}
