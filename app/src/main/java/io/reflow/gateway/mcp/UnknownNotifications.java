package io.reflow.gateway.mcp;

import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.policy.PolicyEngine;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.Notifications;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.session.Sessions;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Targets;
import io.reflow.gateway.upstream.Envelope;
import io.reflow.gateway.upstream.Upstreams;
import java.util.List;

/// Passes on notifications that no revision of MCP knows: between the client of a session and the
/// targets that keep an instance for this session alone. To all others nobody could say whom such a
/// one is for.
public final class UnknownNotifications {

  private final Targets targets;
  private final Visibility visibility;
  private final ServedSessions served;
  private final Upstreams upstreams;

  public UnknownNotifications(
      Sessions sessions, Targets targets, PolicyEngine policies, Upstreams upstreams) {
    this.targets = targets;
    this.visibility = new Visibility(targets, policies);
    this.served = new ServedSessions(sessions, visibility);
    this.upstreams = upstreams;
  }

  /// A target has said this, outside of any call or beside one. Does not block.
  public void fromTarget(InstanceKey key, String method, RawJson params) {
    if (key.session().isEmpty()) {
      return;
    }
    byte[] message = Envelope.notification(method, params);
    var whole = new RawJson(message, 0, message.length);
    targets
        .find(key.target())
        .filter(Target::enabled)
        .ifPresent(target ->
            served
                .of(key, target)
                .forEach(session -> {
                  boolean _ = session.conversation().streams().general().send(whole);
                }));
  }

  /// The client of a session has said this. Returns when it has left for those that run already,
  /// one after the other and each for a bounded time: so what comes after it stays behind it.
  void fromClient(Session session, Message.Notification notification) throws InterruptedException {
    if (session.stateless() || Notifications.known(notification.method())) {
      return;
    }
    List<InstanceKey> own =
        visibility.enabled(session.target()).stream()
            .filter(target -> target.settings().stateful())
            .filter(target -> visibility.sees(session.owner(), target))
            .map(target -> Inject.key(target, session.owner(), session, session.capabilities()))
            .toList();
    if (!own.isEmpty()) {
      byte[] message = Envelope.notification(notification.method(), notification.params().raw());
      for (InstanceKey key : own) {
        upstreams.tell(key, message);
      }
    }
  }
}
