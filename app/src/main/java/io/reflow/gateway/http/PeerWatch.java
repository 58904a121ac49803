package io.reflow.gateway.http;

/// Tells at once when the client of a request goes away, even while nothing is sent to it. Without
/// a watch that shows only in the second write after it.
///
/// A client that closes just its sending side counts as gone.
public final class PeerWatch implements AutoCloseable {

  private final WatchedConnection connection;
  private final Runnable gone;
  private boolean begun;
  private boolean over;

  private PeerWatch(WatchedConnection connection, Runnable gone) {
    this.connection = connection;
    this.gone = gone;
  }

  /// A watch for the client of the request that this thread answers, which is still to begin.
  ///
  /// @throws java.util.NoSuchElementException on a thread that answers no request
  public static PeerWatch of(Runnable gone) {
    return new PeerWatch(WatchedConnection.current(), gone);
  }

  /// Watches the client of the request that this thread answers; its body must have been read
  /// whole. `gone` runs at most once, on another thread or, if the client has left already, on this
  /// one, and not after [#close()]. It must be short.
  ///
  /// @throws java.util.NoSuchElementException on a thread that answers no request
  public static PeerWatch start(Runnable gone) {
    PeerWatch watch = of(gone);
    watch.begin();
    return watch;
  }

  /// Begins to watch, on any thread; without effect when it has begun or is closed.
  public synchronized void begin() {
    if (!begun && !over) {
      begun = true;
      connection.readAhead().whenGone(this::tell);
    }
  }

  private synchronized void tell() {
    if (!over) {
      over = true;
      gone.run();
    }
  }

  /// Once this returns, whoever answers the request may read on.
  @Override
  public synchronized void close() {
    over = true;
  }
}
