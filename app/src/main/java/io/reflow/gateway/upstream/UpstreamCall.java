package io.reflow.gateway.upstream;

import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.telemetry.Propagation;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// A request ready to leave: `params` is complete (upstream names, `_meta`, progress token), only
/// the id, and what the target's era wants in `_meta`, is the upstream's to add.
///
/// @param index of `params`
/// @param progressToken unique in this gateway; `params._meta.progressToken` holds the same number
/// @param idleTimeout the longest silence; progress starts it anew
/// @param maxDuration the end in any case
/// @param headers of the client that may mean something to the target, where it is reached by HTTP
/// @param trace what goes along as HTTP headers too, so that the target can go on with the trace
public record UpstreamCall(
    String method,
    RawJson params,
    ParamsIndex index,
    OptionalLong progressToken,
    Duration idleTimeout,
    Duration maxDuration,
    Map<String, String> headers,
    Propagation trace) {

  /// Reads `params` for their index: for calls that are few.
  public UpstreamCall(
      String method,
      RawJson params,
      OptionalLong progressToken,
      Duration idleTimeout,
      Duration maxDuration) {
    this(
        method,
        params,
        ParamsIndex.read(method, params),
        progressToken,
        idleTimeout,
        maxDuration,
        Map.of(),
        Propagation.NONE);
  }

  /// The same request with other parameters.
  public UpstreamCall with(RawJson changed) {
    return new UpstreamCall(
        method,
        changed,
        ParamsIndex.read(method, changed),
        progressToken,
        idleTimeout,
        maxDuration,
        headers,
        trace);
  }

  /// The same request with a longest silence that an admin has chosen.
  UpstreamCall within(Optional<Duration> silence) {
    return silence.isEmpty()
        ? this
        : new UpstreamCall(
            method, params, index, progressToken, silence.get(), maxDuration, headers, trace);
  }
}
