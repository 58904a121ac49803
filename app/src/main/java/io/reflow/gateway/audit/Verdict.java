package io.reflow.gateway.audit;

import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// What a verification has found.
///
/// @param newest the checkpoint up to which the ends of all chains are certain
/// @param faultCount of which `faults` are the first
record Verdict(
    long rows,
    List<Part> chains,
    Optional<Checkpoint> newest,
    List<Fault> faults,
    long faultCount) {

  /// The part of a chain that was looked at.
  record Part(UUID replica, long first, long last, long rows) {}

  boolean unbroken() {
    return faultCount == 0;
  }
}
