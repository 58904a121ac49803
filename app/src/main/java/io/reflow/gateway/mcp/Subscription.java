package io.reflow.gateway.mcp;

import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.upstream.Feed;
import io.reflow.gateway.upstream.Listener.ListKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// What one `subscriptions/listen` follows, and what has changed of it since its client was told
/// last: the same change twice within a short while is one.
final class Subscription implements AutoCloseable {

  private final Set<ListKind> wanted;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Set<ListKind> lists = EnumSet.noneOf(ListKind.class);
  private final Map<String, RawJson> resources = new LinkedHashMap<>();
  private final Map<Object, Feed> feeds = new HashMap<>();
  private Optional<Map<ListKind, Integer>> view = Optional.empty();
  private volatile Session session;
  private boolean viewChanged;
  private boolean stirred;
  private boolean over;

  /// @param wanted which lists
  Subscription(Session session, Set<ListKind> wanted) {
    this.session = session;
    this.wanted = wanted;
  }

  /// What there is to tell.
  record Changes(List<ListKind> lists, List<RawJson> resources) {}

  Session session() {
    return session;
  }

  /// Goes on for a caller whose role or groups have changed: nothing is followed any more, and
  /// every list may be another.
  void become(Session renewed) {
    List<Feed> closing;
    lock.lock();
    try {
      session = renewed;
      closing = List.copyOf(feeds.values());
      feeds.clear();
      lists.addAll(wanted);
      stir();
    } finally {
      lock.unlock();
    }
    closing.forEach(Feed::close);
  }

  Set<ListKind> wanted() {
    return wanted;
  }

  void listChanged(ListKind kind) {
    lock.lock();
    try {
      if (wanted.contains(kind)) {
        lists.add(kind);
        stir();
      }
    } finally {
      lock.unlock();
    }
  }

  /// @param params of the notification, as the client gets it
  void resourceUpdated(String uri, RawJson params) {
    lock.lock();
    try {
      resources.put(uri, params);
      stir();
    } finally {
      lock.unlock();
    }
  }

  /// Compares what the caller sees now with what it saw before.
  void view(Map<ListKind, Integer> now) {
    lock.lock();
    try {
      view.ifPresent(before ->
          now.forEach((kind, stamp) -> {
            if (!stamp.equals(before.get(kind)) && wanted.contains(kind)) {
              lists.add(kind);
            }
          }));
      viewChanged |= view.filter(before -> !before.equals(now)).isPresent();
      view = Optional.of(now);
      stir();
    } finally {
      lock.unlock();
    }
  }

  /// Whether what the caller sees has become another since this was asked.
  boolean viewChanged() {
    lock.lock();
    try {
      boolean is = viewChanged;
      viewChanged = false;
      return is;
    } finally {
      lock.unlock();
    }
  }

  private void stir() {
    stirred = true;
    changed.signalAll();
  }

  /// Is to be told of no more.
  void end() {
    lock.lock();
    try {
      over = true;
      stir();
    } finally {
      lock.unlock();
    }
  }

  boolean over() {
    lock.lock();
    try {
      return over;
    } finally {
      lock.unlock();
    }
  }

  boolean follows(Object what) {
    lock.lock();
    try {
      return feeds.containsKey(what);
    } finally {
      lock.unlock();
    }
  }

  /// Keeps a feed for as long as this lasts and its caller stays the same.
  ///
  /// @param by for which session it was opened
  void keep(Session by, Object what, Feed feed) {
    boolean needless;
    lock.lock();
    try {
      needless = over || by != session || feeds.putIfAbsent(what, feed) != null;
    } finally {
      lock.unlock();
    }
    if (needless) {
      feed.close();
    }
  }

  /// Waits until something has happened, though no longer than `patience`, and a little more for
  /// what happens along with it.
  ///
  /// @return what there is to tell, which may be nothing
  Changes await(Duration patience, Duration gathering) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = patience.toNanos();
      while (!stirred && left > 0) {
        left = changed.awaitNanos(left);
      }
      boolean anything = !lists.isEmpty() || !resources.isEmpty();
      left = anything && !over ? gathering.toNanos() : 0;
      while (left > 0 && !over) {
        left = changed.awaitNanos(left);
      }
      stirred = false;
      var changes = new Changes(new ArrayList<>(lists), new ArrayList<>(resources.values()));
      lists.clear();
      resources.clear();
      return changes;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    List<Feed> closing;
    lock.lock();
    try {
      over = true;
      closing = List.copyOf(feeds.values());
      feeds.clear();
    } finally {
      lock.unlock();
    }
    closing.forEach(Feed::close);
  }
}
