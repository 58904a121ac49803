package io.reflow.gateway.http;

import java.util.concurrent.atomic.AtomicBoolean;

/// Tells at once when the client of a request goes away, even while nothing is sent to it. Without
/// a watch that shows only in the second write after it.
///
/// A client that closes just its sending side counts as gone.
public final class PeerWatch implements AutoCloseable {

  private final AtomicBoolean open = new AtomicBoolean(true);
  private final Runnable gone;

  private PeerWatch(Runnable gone) {
    this.gone = gone;
  }

  /// Watches the client of the request that this thread answers; its body must have been read
  /// whole. `gone` runs at most once, on another thread or, if the client has left already, on this
  /// one, and not after [#close()]. It must be short.
  ///
  /// @throws java.util.NoSuchElementException on a thread that answers no request
  public static PeerWatch start(Runnable gone) {
    PeerWatch watch = new PeerWatch(gone);
    WatchedConnection.current().readAhead().whenGone(watch::tell);
    return watch;
  }

  private void tell() {
    if (open.compareAndSet(true, false)) {
      gone.run();
    }
  }

  @Override
  public void close() {
    open.set(false);
  }
}
