package io.reflow.gateway.mcp;

import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.upstream.Envelope;
import io.reflow.gateway.upstream.Upstreams;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Tells the targets of a session that the roots of its client have changed: those that are
/// connected for this one user, and were told that they would hear of it.
final class RootChanges {

  private static final byte[] CHANGED =
      Envelope.notification("notifications/roots/list_changed", RawJson.EMPTY_OBJECT);

  private final Visibility visibility;
  private final Upstreams upstreams;

  /// Whether an instance that is being told has to be told again.
  private final Map<InstanceKey, Boolean> again = new ConcurrentHashMap<>();

  RootChanges(Visibility visibility, Upstreams upstreams) {
    this.visibility = visibility;
    this.upstreams = upstreams;
  }

  /// Does not wait for any target. What changes while a target is being told is told once.
  void changed(Session session) {
    if (session.capabilities().rootsListChanged()) {
      visibility.enabled(session.target()).stream()
          .filter(target -> visibility.sees(session.owner(), target))
          .map(target -> Inject.key(target, session.owner(), session, session.capabilities()))
          .filter(key -> key.capabilities().rootsListChanged())
          .filter(key -> again.merge(key, false, (_, _) -> true).equals(false))
          .forEach(
              key -> Thread.ofVirtual().name("roots-" + key.wireName()).start(() -> tell(key)));
    }
  }

  private void tell(InstanceKey key) {
    try {
      do {
        upstreams.tell(key, CHANGED);
      } while (again.computeIfPresent(key, (_, more) -> more ? false : null) != null);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      again.remove(key);
    } catch (RuntimeException e) {
      again.remove(key);
      throw e;
    }
  }
}
