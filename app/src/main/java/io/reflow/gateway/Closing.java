package io.reflow.gateway;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What is to be closed at the end, the youngest first; one that fails does not keep the others
/// open. May be closed by another thread while the gateway still starts: what is added afterwards
/// is closed at once, and the start ends there.
final class Closing implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Closing.class);

  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private boolean closed;

  /// Takes care of `part` from now on.
  ///
  /// @throws IllegalStateException when the end has begun; `part` is closed then
  <T extends AutoCloseable> T add(T part) {
    lock.lock();
    try {
      if (!closed) {
        opened.push(part);
        return part;
      }
    } finally {
      lock.unlock();
    }
    close(part);
    throw new IllegalStateException("the gateway was told to stop while it started");
  }

  @Override
  public void close() {
    for (Optional<AutoCloseable> next = next(); next.isPresent(); next = next()) {
      close(next.get());
    }
  }

  private Optional<AutoCloseable> next() {
    lock.lock();
    try {
      closed = true;
      return Optional.ofNullable(opened.poll());
    } finally {
      lock.unlock();
    }
  }

  private static void close(AutoCloseable part) {
    try {
      part.close();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      LOG.atError()
          .setCause(e)
          .addKeyValue("part", part.getClass().getSimpleName())
          .log("A part of the gateway could not be closed");
    }
  }
}
