package io.reflow.gateway.audit;

import io.reflow.gateway.fault.GatewayException.Unavailable;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings the journal to the disk: all who wrote while one round was under way share the next.
final class JournalSync implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(JournalSync.class);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wanted = lock.newCondition();
  private final Condition done = lock.newCondition();
  private final Thread thread =
      Thread.ofPlatform().daemon().name("audit-sync").unstarted(this::run);
  private Set<Segment> written = new HashSet<>();
  private long begun;
  private long finished;
  private long failed = -1;
  private boolean closed;

  void start() {
    thread.start();
  }

  /// Returns when what this thread wrote to the segment is on the disk.
  ///
  /// @throws Unavailable when the disk does not take it
  void await(Segment segment) {
    lock.lock();
    try {
      written.add(segment);
      // The round that is under way may have passed by what was just written.
      long round = begun + 1;
      wanted.signal();
      while (finished < round && !closed) {
        done.awaitUninterruptibly();
      }
      if (finished < round || failed == round) {
        throw new Unavailable(
            "the audit journal can't be brought to the disk", Duration.ofSeconds(5));
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      wanted.signalAll();
      done.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      thread.join(Duration.ofSeconds(5));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    for (Set<Segment> segments = next(); !segments.isEmpty(); segments = next()) {
      finish(force(segments));
    }
  }

  private Set<Segment> next() {
    lock.lock();
    try {
      while (written.isEmpty() && !closed) {
        wanted.awaitUninterruptibly();
      }
      begun++;
      Set<Segment> segments = written;
      written = new HashSet<>();
      return segments;
    } finally {
      lock.unlock();
    }
  }

  private static boolean force(Set<Segment> segments) {
    try {
      segments.forEach(Segment::force);
      return true;
    } catch (UncheckedIOException e) {
      LOG.atError().setCause(e).log("The audit journal can't be brought to the disk");
      return false;
    }
  }

  private void finish(boolean good) {
    lock.lock();
    try {
      finished = begun;
      if (!good) {
        failed = begun;
      }
      done.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
