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

  @Override
  public void close() {
    if (!returned) {
      returned = true;
      running.release();
    }
  }
}
