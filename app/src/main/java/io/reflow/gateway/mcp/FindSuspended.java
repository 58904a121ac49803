package io.reflow.gateway.mcp;

import io.reflow.gateway.fault.GatewayException.InvalidParams;
import io.reflow.gateway.mcp.flight.RequestState;
import io.reflow.gateway.mcp.flight.RequestState.Cause;
import io.reflow.gateway.mcp.flight.StateSeal;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.replica.Replica;
import io.reflow.gateway.replica.Replicas;
import java.util.Optional;

/// Sees whether a message of the stateless era brings answers to a call that waits for them at
/// another replica.
final class FindSuspended implements Stage<Call.Understood, Call.Understood> {

  private final StateSeal seal;
  private final Replicas replicas;

  FindSuspended(StateSeal seal, Replicas replicas) {
    this.seal = seal;
    this.replicas = replicas;
  }

  /// @throws SuspendedElsewhere when another replica, which lives, has the call
  @Override
  public Call.Understood apply(Call.Understood call) {
    if (call.claims().isPresent()
        && call.message().orElse(null) instanceof Message.Request request) {
      request
          .params()
          .find(StatelessCalls.STATE)
          .flatMap(JsonObject.Member::text)
          .flatMap(this::home)
          .ifPresent(replica -> {
            throw new SuspendedElsewhere(replica, request.id());
          });
    }
    return call;
  }

  /// What is wrong with a state is said where it is used.
  private Optional<Replica> home(String sealed) {
    try {
      RequestState state = seal.open(sealed);
      return state.cause() instanceof Cause.Suspended(var at, var _)
          ? replicas.named(at)
          : Optional.empty();
    } catch (InvalidParams _) {
      return Optional.empty();
    }
  }
}
