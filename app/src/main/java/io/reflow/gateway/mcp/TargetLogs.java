package io.reflow.gateway.mcp;

import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.policy.PolicyEngine;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.session.Sessions;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.target.Targets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Passes what targets log outside of any call on to the sessions that they serve: as much as each
/// wants to hear, while its client has a stream open for what belongs to no request.
public final class TargetLogs {

  private final Targets targets;
  private final Visibility visibility;
  private final ServedSessions served;
  private final Map<Served, SessionCaller> callers = new ConcurrentHashMap<>();

  public TargetLogs(Sessions sessions, Targets targets, PolicyEngine policies) {
    this.targets = targets;
    this.visibility = new Visibility(targets, policies);
    this.served = new ServedSessions(sessions, visibility);
    sessions.onEnd(over -> callers.keySet().removeIf(one -> one.session().equals(over)));
  }

  private record Served(Session session, TargetId target) {}

  /// A target that serves one user has logged this. Does not block.
  public void logged(InstanceKey key, RawJson params) {
    targets
        .find(key.target())
        .ifPresent(
            target -> served.of(key, target).forEach(session -> tell(session, target, params)));
  }

  private void tell(Session session, Target target, RawJson params) {
    var one = new Served(session, target.id());
    callers.computeIfAbsent(one, _ -> caller(session, target)).log(params);
    if (session.over()) {
      callers.remove(one);
    }
  }

  private SessionCaller caller(Session session, Target target) {
    SessionStream stream = SessionStream.shared(session.conversation().streams().general());
    stream.onlyWhile(() ->
        targets.find(target.id()).filter(now -> visibility.sees(session.owner(), now)).isPresent());
    return new SessionCaller(
        stream,
        session,
        Optional.empty(),
        Optional::empty,
        new ClientQuestions.Patience(Duration.ZERO, Duration.ZERO));
  }
}
