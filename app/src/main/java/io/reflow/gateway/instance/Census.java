package io.reflow.gateway.instance;

import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.target.TargetId;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/// Counts the instances that exist, against the limits.
final class Census {

  private final Limits limits;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<TargetId, Integer> byTarget = new HashMap<>();
  private final Map<UserId, Integer> byUser = new HashMap<>();
  private int total;

  Census(Limits limits) {
    this.limits = limits;
  }

  /// The limit that is in the way of one more.
  ///
  /// @param sameScope the instances whose end would help
  record Full(String what, Predicate<InstanceKey> sameScope) {}

  /// Counts one more for `key`, unless a limit is reached.
  Optional<Full> enter(InstanceKey key) {
    lock.lock();
    try {
      Optional<Full> full = full(key);
      if (full.isEmpty()) {
        count(key, 1);
      }
      return full;
    } finally {
      lock.unlock();
    }
  }

  void leave(InstanceKey key) {
    lock.lock();
    try {
      count(key, -1);
    } finally {
      lock.unlock();
    }
  }

  private Optional<Full> full(InstanceKey key) {
    if (key.sharing() instanceof Sharing.User(var user)
        && byUser.getOrDefault(user, 0) >= limits.perUser()) {
      return Optional.of(
          new Full(
              "you have %d running instances, the most allowed".formatted(limits.perUser()),
              other -> other.sharing().equals(key.sharing())));
    }
    if (byTarget.getOrDefault(key.target(), 0) >= limits.perTarget()) {
      return Optional.of(
          new Full(
              "the target has %d running instances, the most allowed".formatted(limits.perTarget()),
              other -> other.target().equals(key.target())));
    }
    if (total >= limits.total()) {
      return Optional.of(
          new Full(
              "the gateway has %d running instances, the most allowed".formatted(limits.total()),
              _ -> true));
    }
    return Optional.empty();
  }

  private void count(InstanceKey key, int change) {
    total += change;
    count(byTarget, key.target(), change);
    if (key.sharing() instanceof Sharing.User(var user)) {
      count(byUser, user, change);
    }
  }

  private static <K> void count(Map<K, Integer> counts, K key, int change) {
    int sum = counts.getOrDefault(key, 0) + change;
    if (sum == 0) {
      counts.remove(key);
    } else {
      counts.put(key, sum);
    }
  }
}
