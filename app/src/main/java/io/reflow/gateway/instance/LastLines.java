package io.reflow.gateway.instance;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/// The last lines that the instances of one key wrote to their error output, over restarts.
/// Bounded; safe for use by many threads.
public final class LastLines {

  private final int capacity;
  private final ArrayDeque<String> lines = new ArrayDeque<>();
  private final ReentrantLock lock = new ReentrantLock();

  public LastLines(int capacity) {
    this.capacity = Math.max(1, capacity);
  }

  public void add(String line) {
    lock.lock();
    try {
      if (lines.size() >= capacity) {
        lines.removeFirst();
      }
      lines.addLast(line);
    } finally {
      lock.unlock();
    }
  }

  /// The newest line that is not blank.
  public Optional<String> last() {
    return toList().reversed().stream().filter(line -> !line.isBlank()).findFirst();
  }

  /// Oldest first.
  public List<String> toList() {
    lock.lock();
    try {
      return List.copyOf(lines);
    } finally {
      lock.unlock();
    }
  }
}
