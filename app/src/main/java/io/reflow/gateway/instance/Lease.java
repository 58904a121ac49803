package io.reflow.gateway.instance;

/// The right to use an instance until it is given back; while it is held, neither idleness nor age
/// ends the instance. Used by one thread.
public final class Lease<T extends Instance> implements AutoCloseable {

  private final Running<T> running;
  private boolean returned;

  Lease(Running<T> running) {
    this.running = running;
  }

  public T instance() {
    return running.instance();
  }

  /// Whether the instance is to end, and another one is to be used from now on.
  public boolean retired() {
    return running.retired();
  }

  @Override
  public void close() {
    if (!returned) {
      returned = true;
      running.release();
    }
  }
}
