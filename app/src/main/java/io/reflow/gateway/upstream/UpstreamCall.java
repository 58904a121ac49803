package io.reflow.gateway.upstream;

import io.reflow.gateway.protocol.RawJson;
import java.time.Duration;
import java.util.OptionalLong;

/// A request ready to leave: `params` is complete (upstream names, `_meta`, progress token), only
/// the id is the upstream's to add.
///
/// @param progressToken unique in this gateway; `params._meta.progressToken` holds the same number
/// @param idleTimeout the longest silence; progress starts it anew
/// @param maxDuration the end in any case
public record UpstreamCall(
    String method,
    RawJson params,
    OptionalLong progressToken,
    Duration idleTimeout,
    Duration maxDuration) {}
