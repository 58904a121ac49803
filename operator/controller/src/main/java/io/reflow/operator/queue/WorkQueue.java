package io.reflow.operator.queue;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Names that wait for work, each at most once; none is worked on by two at a time.
///
/// A name that is added while it is worked on comes again afterwards. It never holds more than one
/// entry for each name, so it is as large as there are instances.
public final class WorkQueue {

  /// Also how late a clock that was set forward is noticed.
  private static final long LOOK_MILLIS = 250;

  private final InstantSource clock;
  private final Backoff backoff;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Set<String> ready = new LinkedHashSet<>();
  private final Set<String> working = new HashSet<>();
  private final Set<String> again = new HashSet<>();
  private final Map<String, Instant> later = new HashMap<>();
  private final Map<String, Integer> failures = new HashMap<>();
  private Instant nextLook = Instant.MAX;
  private boolean closed;

  public WorkQueue(InstantSource clock, Backoff backoff) {
    this.clock = clock;
    this.backoff = backoff;
  }

  /// Has the name worked on as soon as somebody is free.
  public void add(String name) {
    lock.lock();
    try {
      if (working.contains(name)) {
        again.add(name);
      } else if (ready.add(name)) {
        changed.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /// Has the name worked on at that time, or earlier if it was to be already.
  public void addAt(String name, Instant when) {
    lock.lock();
    try {
      later.merge(name, when, (a, b) -> a.isBefore(b) ? a : b);
      if (when.isBefore(nextLook)) {
        nextLook = when;
        changed.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /// The next name; waits for one. Empty once the queue is closed.
  public Optional<String> take() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (!closed) {
        wake();
        if (!ready.isEmpty()) {
          String name = ready.iterator().next();
          ready.remove(name);
          later.remove(name);
          working.add(name);
          return Optional.of(name);
        }
        if (later.isEmpty()) {
          changed.await();
        } else {
          long millis = Duration.between(clock.instant(), nextLook).toMillis() + 1;
          boolean _ = changed.await(Math.clamp(millis, 1, LOOK_MILLIS), TimeUnit.MILLISECONDS);
        }
      }
      return Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  /// The work on the name succeeded.
  public void done(String name) {
    lock.lock();
    try {
      failures.remove(name);
      release(name);
    } finally {
      lock.unlock();
    }
  }

  /// The work on the name failed: it comes again after a pause that grows with each failure.
  public void failed(String name) {
    lock.lock();
    try {
      int count = failures.merge(name, 1, Integer::sum);
      release(name);
      addAt(name, clock.instant().plus(backoff.after(count)));
    } finally {
      lock.unlock();
    }
  }

  /// How many names wait for nothing but a worker.
  public int depth() {
    lock.lock();
    try {
      return ready.size();
    } finally {
      lock.unlock();
    }
  }

  /// Nothing is given out any more.
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void release(String name) {
    working.remove(name);
    if (again.remove(name) && ready.add(name)) {
      changed.signal();
    }
  }

  /// What was for later and is due; the map is looked through only when something is.
  private void wake() {
    Instant now = clock.instant();
    if (nextLook.isAfter(now)) {
      return;
    }
    Instant next = Instant.MAX;
    var entries = later.entrySet().iterator();
    while (entries.hasNext()) {
      var entry = entries.next();
      if (entry.getValue().isAfter(now)) {
        next = next.isBefore(entry.getValue()) ? next : entry.getValue();
      } else {
        String name = entry.getKey();
        entries.remove();
        if (working.contains(name)) {
          again.add(name);
        } else if (ready.add(name)) {
          changed.signal();
        }
      }
    }
    nextLook = next;
  }
}
