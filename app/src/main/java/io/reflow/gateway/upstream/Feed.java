package io.reflow.gateway.upstream;

/// An interest that is being followed, until it is closed. Idempotent; does not wait for the
/// target.
@FunctionalInterface
public interface Feed extends AutoCloseable {

  /// Whether there is a way on which the target could say something now. True where that is not
  /// certain.
  default boolean hears() {
    return true;
  }

  @Override
  void close();
}
