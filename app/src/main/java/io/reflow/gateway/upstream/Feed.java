package io.reflow.gateway.upstream;

/// An interest that is being followed, until it is closed. Idempotent; does not wait for the
/// target.
@FunctionalInterface
public interface Feed extends AutoCloseable {

  @Override
  void close();
}
