package io.reflow.gateway.mcp;

import io.reflow.gateway.credential.Credentials;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.mcp.Call.Granted;
import io.reflow.gateway.mcp.Call.Ready;
import io.reflow.gateway.mcp.Call.Unequipped;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.upstream.Reach;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Finds the instance that serves the caller and the credentials that belong there.
final class Inject implements Stage<Call.Permitted, Call.Equipped> {

  private final Credentials credentials;

  Inject(Credentials credentials) {
    this.credentials = credentials;
  }

  @Override
  public Call.Equipped apply(Call.Permitted call) throws InterruptedException {
    List<Unequipped> unequipped = new ArrayList<>(0);
    Session session = call.call().session();
    Way<Ready> way = call.way().map(granted -> ready(granted, session, unequipped));
    return new Call.Equipped(call.call(), way, unequipped);
  }

  /// A target whose credentials are broken does not keep the others from being called.
  private Optional<Ready> ready(Granted granted, Session session, List<Unequipped> unequipped) {
    try {
      return Optional.of(ready(granted, session));
    } catch (UpstreamFailed e) {
      unequipped.add(new Unequipped(granted, e));
      return Optional.empty();
    }
  }

  private Ready ready(Granted granted, Session session) {
    Target target = granted.candidate().target();
    InstanceKey key = key(target, granted.permit().caller(), session);
    var injection = credentials.resolve(granted.permit(), target, key);
    var reach = new Reach(target, granted.permit(), key, injection);
    return new Ready(granted.candidate(), reach, granted.decision());
  }

  /// What a stateful target has for each session it has for each user where there are none.
  private static InstanceKey key(Target target, Identity caller, Session session) {
    if (!session.stateless()) {
      return InstanceKey.of(target, caller, session.digest());
    }
    return target.settings().stateful()
        ? new InstanceKey(target.id(), new Sharing.User(caller.user()))
        : InstanceKey.of(target, caller);
  }
}
