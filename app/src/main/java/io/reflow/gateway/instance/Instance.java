package io.reflow.gateway.instance;

import java.util.Optional;
import java.util.OptionalLong;

/// Something that runs for the callers of one [InstanceKey]: a process or a connection.
public interface Instance extends AutoCloseable {

  /// False once it can't serve another call.
  boolean alive();

  /// The process behind it, if it is one of ours.
  default OptionalLong pid() {
    return OptionalLong.empty();
  }

  /// The pod behind it, if it is one.
  default Optional<PodState> pod() {
    return Optional.empty();
  }

  /// Ends it for good. Idempotent; returns within a few seconds.
  @Override
  void close();
}
