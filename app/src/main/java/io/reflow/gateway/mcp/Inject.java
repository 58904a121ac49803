package io.reflow.gateway.mcp;

import io.reflow.gateway.credential.Credentials;
import io.reflow.gateway.fault.GatewayException.CredentialMissing;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.mcp.Call.Granted;
import io.reflow.gateway.mcp.Call.Ready;
import io.reflow.gateway.mcp.Call.Unequipped;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.target.ProtocolMode;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.telemetry.Metrics;
import io.reflow.gateway.upstream.Reach;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/// Finds the instance that serves the caller and the credentials that belong there.
final class Inject implements Stage<Call.Permitted, Call.Equipped> {

  private final Credentials credentials;
  private final Predicate<Target> toldWithEachCall;
  private final Metrics metrics;

  /// @param toldWithEachCall of a target of the stateless era: it hears with each call what the
  ///   client can do, so that all clients can share an instance
  Inject(Credentials credentials, Predicate<Target> toldWithEachCall, Metrics metrics) {
    this.credentials = credentials;
    this.toldWithEachCall = toldWithEachCall;
    this.metrics = metrics;
  }

  @Override
  public Call.Equipped apply(Call.Permitted call) throws InterruptedException {
    List<Unequipped> unequipped = new ArrayList<>(0);
    Way<Ready> way = call.way().map(granted -> ready(granted, call.call(), unequipped));
    return new Call.Equipped(call.call(), way, unequipped);
  }

  /// A target whose credentials are broken does not keep the others from being called.
  private Optional<Ready> ready(Granted granted, Call.InSession call, List<Unequipped> unequipped) {
    try {
      return Optional.of(ready(granted, call));
    } catch (CredentialMissing | UpstreamFailed e) {
      metrics.credentialFailure(
          granted.candidate().target().name(),
          e instanceof CredentialMissing ? "missing" : "unusable");
      unequipped.add(new Unequipped(granted, e));
      return Optional.empty();
    }
  }

  private Ready ready(Granted granted, Call.InSession call) {
    Target target = granted.candidate().target();
    Identity caller = granted.permit().caller();
    InstanceKey key =
        toldWithEachCall.test(target)
            ? matched(target, caller, call.session(), ClientCapabilities.NONE)
            : key(target, caller, call.session(), client(call, target));
    var injection = credentials.resolve(granted.permit(), target, key);
    var reach = new Reach(target, granted.permit(), key, injection);
    return new Ready(granted.candidate(), reach, granted.decision());
  }

  /// A client that takes only a plain answer to this request can't be asked anything while it is
  /// worked on. What a stateful target was told in the session stays.
  private static ClientCapabilities client(Call.InSession call, Target target) {
    Session session = call.session();
    if (session.stateless()) {
      return session.capabilities().withoutAnnouncements();
    }
    return call.http().events().accepted() || target.settings().stateful()
        ? session.capabilities()
        : ClientCapabilities.NONE;
  }

  /// The instance of a target that serves calls in a session.
  ///
  /// @param client what the client can do; how much of it the target is told is its admin's choice
  static InstanceKey key(
      Target target, Identity caller, Session session, ClientCapabilities client) {
    return matched(target, caller, session, target.settings().told(client));
  }

  private static InstanceKey matched(
      Target target, Identity caller, Session session, ClientCapabilities client) {
    InstanceKey key = ofEitherEra(target, caller, session, client);
    return target.settings().protocol() == ProtocolMode.MATCH
        ? key.matching(session.stateless())
        : key;
  }

  /// What a stateful target has for each session it has for each user where there are none.
  private static InstanceKey ofEitherEra(
      Target target, Identity caller, Session session, ClientCapabilities client) {
    return session.stateless() && target.settings().stateful()
        ? new InstanceKey(target.id(), new Sharing.User(caller.user()), Optional.empty(), client)
        : InstanceKey.of(target, caller, session.digest(), client);
  }
}
