package io.reflow.gateway.session;

import io.reflow.gateway.identity.UserId;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/// Ends what is under way of users whose sessions were ended by hand, here or at another replica:
/// sessions by their records, which are gone, and what has no session by a count of how often that
/// was done.
public final class Recycling {

  private final Sessions sessions;
  private final SessionStore store;
  private final ReentrantLock reloading = new ReentrantLock();
  private Optional<Map<UserId, Long>> known = Optional.empty();

  public Recycling(Sessions sessions, SessionStore store) {
    this.sessions = sessions;
    this.store = store;
  }

  /// Ends all of a user, and tells how many there were, calls without a session only of this
  /// replica. First where all replicas see it: without the database nothing is ended.
  long recycle(UserId user) {
    long ended = store.recycle(user) + sessions.callsOf(user).size();
    int _ = sessions.endAll(user);
    // What the user begins after the answer is not to be ended when the notice arrives here.
    reload();
    return ended;
  }

  /// Looks who was recycled since the last time.
  public void reload() {
    reloading.lock();
    try {
      Map<UserId, Long> now = store.recycled();
      known.ifPresent(before ->
          now.forEach((user, times) -> {
            if (!times.equals(before.get(user))) {
              sessions.endCalls(user);
            }
          }));
      known = Optional.of(now);
    } finally {
      reloading.unlock();
    }
  }
}
