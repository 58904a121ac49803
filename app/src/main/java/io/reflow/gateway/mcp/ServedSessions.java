package io.reflow.gateway.mcp;

import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.session.Sessions;
import io.reflow.gateway.target.Target;
import java.util.stream.Stream;

/// Which sessions an instance of one user serves, of those whose clients have a stream open for
/// what belongs to no request.
record ServedSessions(Sessions sessions, Visibility visibility) {

  Stream<Session> of(InstanceKey key, Target target) {
    return sessions.all().stream()
        .filter(session -> mayBeServed(session, key))
        .filter(session -> session.conversation().streams().general().connected())
        .filter(session -> isServed(session, key, target));
  }

  /// Leaves out other users' sessions, of which there may be many, at little cost.
  private static boolean mayBeServed(Session session, InstanceKey key) {
    return key.session()
        .map(session.digest()::equals)
        .orElseGet(() ->
            key.sharing() instanceof Sharing.User(var user) && user.equals(session.owner().user()));
  }

  private boolean isServed(Session session, InstanceKey key, Target target) {
    boolean onPath = session.target().map(target.name()::equals).orElse(true);
    return onPath
        && Inject.key(target, session.owner(), session, session.capabilities()).equals(key)
        && visibility.sees(session.owner(), target);
  }
}
