package io.reflow.gateway.session;

import io.reflow.gateway.fault.GatewayException.InvalidParams;
import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.upstream.Feed;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What one session follows at targets: their lists while its client has a stream open, and the
/// resources that it has subscribed to. All of it ends with the session.
public final class Feeds {

  /// Subscriptions of one session.
  static final int MOST_RESOURCES = 500;

  /// What may be subscribed to is kept, here and in the database.
  public static final int LONGEST_URI = 4096;

  private static final Duration TRY_AGAIN = Duration.ofSeconds(60);
  private static final Feed NOTHING = () -> {};

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Object, Feed> lists = new HashMap<>();
  private final Map<String, Feed> resources = new HashMap<>();
  private Set<String> lost = Set.of();
  private Runnable refresh = () -> {};
  private boolean over;

  /// Says how to follow what there is to follow now; must not block.
  public void refreshWith(Runnable following) {
    lock.lock();
    try {
      refresh = following;
    } finally {
      lock.unlock();
    }
    refresh();
  }

  /// What the user sees has changed.
  public void refresh() {
    Runnable now;
    lock.lock();
    try {
      now = refresh;
    } finally {
      lock.unlock();
    }
    now.run();
  }

  public boolean followsLists(Object instance) {
    lock.lock();
    try {
      return lists.containsKey(instance);
    } finally {
      lock.unlock();
    }
  }

  /// Keeps a feed of an instance's lists; a second one of the same instance is closed.
  public void lists(Object instance, Feed feed) {
    boolean needless;
    lock.lock();
    try {
      needless = over || lists.putIfAbsent(instance, feed) != null;
    } finally {
      lock.unlock();
    }
    if (needless) {
      feed.close();
    }
  }

  /// Ends the feeds of lists: the client has closed its stream.
  public void closeLists() {
    Map<Object, Feed> closing;
    lock.lock();
    try {
      refresh = () -> {};
      closing = Map.copyOf(lists);
      lists.clear();
    } finally {
      lock.unlock();
    }
    closing.values().forEach(Feed::close);
  }

  /// Refuses a subscription above the limit.
  ///
  /// @throws Overloaded when there are too many
  /// @throws InvalidParams when the URI is too long
  public void requireRoom(String uri) {
    if (uri.length() > LONGEST_URI) {
      throw new InvalidParams("the uri has more than %d characters".formatted(LONGEST_URI));
    }
    lock.lock();
    try {
      if (resources.size() >= MOST_RESOURCES && !resources.containsKey(uri)) {
        throw new Overloaded(
            "the session has %d subscriptions, which is the limit".formatted(MOST_RESOURCES),
            TRY_AGAIN);
      }
    } finally {
      lock.unlock();
    }
  }

  /// Keeps the feed of a resource, in place of a former one.
  public void resource(String uri, Feed feed) {
    Feed former;
    lock.lock();
    try {
      Feed before = over ? feed : resources.put(uri, feed);
      find(uri);
      former = before == null ? NOTHING : before;
    } finally {
      lock.unlock();
    }
    former.close();
  }

  /// Ends a subscription, if there is one.
  public void unsubscribe(String uri) {
    Feed former;
    lock.lock();
    try {
      former = resources.remove(uri);
      find(uri);
    } finally {
      lock.unlock();
    }
    if (former != null) {
      former.close();
    }
  }

  /// Takes note of what was followed when the session was in the memory of another process.
  void lose(Set<String> uris) {
    lock.lock();
    try {
      lost = Set.copyOf(uris);
    } finally {
      lock.unlock();
    }
  }

  /// The URIs that the client has subscribed to and that are not followed again yet.
  public Set<String> lost() {
    lock.lock();
    try {
      return lost;
    } finally {
      lock.unlock();
    }
  }

  private void find(String uri) {
    if (lost.contains(uri)) {
      lost =
          lost.stream().filter(each -> !each.equals(uri)).collect(Collectors.toUnmodifiableSet());
    }
  }

  /// The URIs that the client has subscribed to.
  Set<String> subscriptions() {
    lock.lock();
    try {
      return Stream.concat(resources.keySet().stream(), lost.stream())
          .collect(Collectors.toUnmodifiableSet());
    } finally {
      lock.unlock();
    }
  }

  void end() {
    Map<String, Feed> closing;
    lock.lock();
    try {
      over = true;
      closing = Map.copyOf(resources);
      resources.clear();
    } finally {
      lock.unlock();
    }
    closeLists();
    closing.values().forEach(Feed::close);
  }
}
