package io.reflow.gateway.database;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/// An immutable value loaded whole from the database and swapped whole: readers never wait.
///
/// @param <T> the value; must be immutable
public final class Snapshot<T> {

  private final Supplier<T> loader;
  private final ReentrantLock loading = new ReentrantLock();
  private volatile T current;

  /// @param initial what counts until the first [#reload()]: must allow nothing
  public Snapshot(T initial, Supplier<T> loader) {
    this.current = initial;
    this.loader = loader;
  }

  public T current() {
    return current;
  }

  /// Loads anew. When it returns, everything that was committed before the call is in [#current()].
  public void reload() {
    loading.lock();
    try {
      current = loader.get();
    } finally {
      loading.unlock();
    }
  }
}
