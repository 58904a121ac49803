package io.reflow.gateway.upstream;

import io.reflow.gateway.credential.Injection;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.instance.LastLines;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.telemetry.Propagation;

/// What is to be opened, and for whom.
///
/// @param lines takes what the target writes to its error output
/// @param trace that a process which is started for it belongs to
public record Opening(
    Target target,
    InstanceKey key,
    Injection injection,
    Listener listener,
    LastLines lines,
    Propagation trace) {

  /// One that belongs to no trace.
  public Opening(
      Target target, InstanceKey key, Injection injection, Listener listener, LastLines lines) {
    this(target, key, injection, listener, lines, Propagation.NONE);
  }
}
