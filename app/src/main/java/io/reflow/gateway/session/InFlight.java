package io.reflow.gateway.session;

import io.reflow.gateway.protocol.RawJson;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/// A request that is being worked on by the thread that made this. Closing it takes the request out
/// of its session; a cancellation that comes later has no effect.
public final class InFlight implements AutoCloseable {

  private final Session session;
  private final RawJson requestId;
  private final Thread worker = Thread.currentThread();
  private final ReentrantLock lock = new ReentrantLock();
  private volatile BooleanSupplier allowed = () -> true;
  private boolean done;
  private boolean forbidden;
  private boolean cancelled;

  InFlight(Session session, RawJson requestId) {
    this.session = session;
    this.requestId = requestId;
  }

  /// True once the request was taken back: by its client, who gets no answer then, or because the
  /// session is over.
  public boolean cancelled() {
    lock.lock();
    try {
      return cancelled;
    } finally {
      lock.unlock();
    }
  }

  /// Says how to find out whether the caller still may have the answer. From now on a change of the
  /// rules or of the caller's rights ends the request where it is no longer so.
  public void onlyWhile(BooleanSupplier stillAllowed) {
    allowed = stillAllowed;
    recheck();
  }

  /// True when the request was ended because the caller may no longer have the answer.
  public boolean forbidden() {
    lock.lock();
    try {
      return forbidden;
    } finally {
      lock.unlock();
    }
  }

  void recheck() {
    if (!allowed.getAsBoolean()) {
      lock.lock();
      try {
        forbidden = !done && !cancelled;
      } finally {
        lock.unlock();
      }
      cancel();
    }
  }

  /// Takes the request back. Without effect when it is done.
  public void cancel() {
    lock.lock();
    try {
      if (!done) {
        cancelled = true;
        worker.interrupt();
      }
    } finally {
      lock.unlock();
    }
  }

  /// Clears the interrupt of a cancellation, so that the thread can go on with its connection.
  @Override
  public void close() {
    session.remove(requestId);
    lock.lock();
    try {
      done = true;
      if (cancelled) {
        Thread.interrupted();
      }
    } finally {
      lock.unlock();
    }
  }
}
