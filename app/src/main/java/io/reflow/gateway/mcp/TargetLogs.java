package io.reflow.gateway.mcp;

import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.policy.PolicyEngine;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.session.Sessions;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Targets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Passes what targets log outside of any call on to the sessions that they serve: as much as each
/// wants to hear, while its client has a stream open for what belongs to no request.
public final class TargetLogs {

  private final Sessions sessions;
  private final Targets targets;
  private final Visibility visibility;
  private final Map<Session, SessionCaller> callers = new ConcurrentHashMap<>();

  public TargetLogs(Sessions sessions, Targets targets, PolicyEngine policies) {
    this.sessions = sessions;
    this.targets = targets;
    this.visibility = new Visibility(targets, policies);
    sessions.onEnd(callers::remove);
  }

  /// A target that serves one user has logged this. Does not block.
  public void logged(InstanceKey key, RawJson params) {
    targets
        .find(key.target())
        .ifPresent(target ->
            sessions.all().stream()
                .filter(session -> mayBeServed(session, key))
                .filter(session -> session.conversation().streams().general().connected())
                .filter(session -> isServed(session, key, target))
                .forEach(session -> tell(session, params)));
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

  private void tell(Session session, RawJson params) {
    callers.computeIfAbsent(session, TargetLogs::caller).log(params);
    if (session.over()) {
      callers.remove(session);
    }
  }

  private static SessionCaller caller(Session session) {
    return new SessionCaller(
        SessionStream.shared(session.conversation().streams().general()),
        session,
        Optional.empty(),
        Optional::empty,
        new ClientQuestions.Patience(Duration.ZERO, Duration.ZERO));
  }
}
