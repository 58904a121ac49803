package io.reflow.gateway.mcp;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.mcp.Call.Equipped;
import io.reflow.gateway.mcp.Call.Granted;
import io.reflow.gateway.mcp.Call.Ready;
import io.reflow.gateway.mcp.Call.Unequipped;
import io.reflow.gateway.policy.Decision.Allowed;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.replica.Leases;
import io.reflow.gateway.replica.Leases.Holder;
import io.reflow.gateway.replica.Leases.Lease;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Sends a call without a session to where the stateful child process of its user runs. What has a
/// session is at the right place already: a session is at one replica only.
final class Hold implements Stage<Equipped, Equipped> {

  private final Leases leases;

  Hold(Leases leases) {
    this.leases = leases;
  }

  @Override
  public Equipped apply(Equipped call) {
    if (!call.call().session().stateless()
        || !(call.way() instanceof Way.One<Ready>(var wanted, var candidates))
        || candidates.stream().noneMatch(Hold::leased)) {
      return call;
    }
    List<Ready> here = new ArrayList<>(candidates.size());
    List<Unequipped> unequipped = new ArrayList<>(call.unequipped());
    for (Ready ready : candidates) {
      Optional<String> why = leased(ready) ? elsewhere(call, ready) : Optional.empty();
      if (why.isEmpty()) {
        here.add(ready);
      } else {
        String target = ready.candidate().target().name();
        unequipped.add(
            new Unequipped(
                new Granted(ready.candidate(), ready.reach().permit(), ready.decision()),
                new UpstreamFailed(target, why.get())));
      }
    }
    return new Equipped(call.call(), new Way.One<>(wanted, here), unequipped);
  }

  private static boolean leased(Ready ready) {
    Target target = ready.candidate().target();
    return target.settings().stateful()
        && target.transport() instanceof Transport.Stdio
        && ready.decision() instanceof Allowed;
  }

  /// Why the process can't be used, if it is not to run here.
  ///
  /// @throws Incoming.Elsewhere where another replica can go on
  private Optional<String> elsewhere(Equipped call, Ready ready) {
    var lease = new Lease(ready.candidate().target().id(), call.call().caller().user());
    return switch (leases.holder(lease)) {
      case Holder.Here() -> Optional.empty();
      case Holder.OutOfReach() ->
          Optional.of(
              "runs for you at another replica, which takes nothing from this one:"
                  + " replica.address is not set there");
      case Holder.At(var replica) -> {
        if (!call.call().http().carrier().passedOn()) {
          throw new Incoming.Elsewhere(replica, body(call), Optional.of(lease), true);
        }
        yield Optional.of("runs for you at another replica than what else may be meant");
      }
    };
  }

  /// The parts of a message are views into the whole of it.
  private static byte[] body(Equipped call) {
    return ((Message.Request) call.call().message().orElseThrow()).params().raw().array();
  }
}
