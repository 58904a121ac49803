package io.reflow.gateway.api;

import io.reflow.gateway.policy.Permit;
import io.reflow.gateway.target.Target;

/// Connects to a target once and looks what is there.
@FunctionalInterface
public interface Prober {

  /// Blocks until the target has answered or the deadline has passed. A target that can't be
  /// reached is a report too, not an exception.
  ProbeReport probe(Target target, Permit permit) throws InterruptedException;
}
