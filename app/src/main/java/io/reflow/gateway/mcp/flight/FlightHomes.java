package io.reflow.gateway.mcp.flight;

import io.reflow.gateway.fault.GatewayException.InvalidParams;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.mcp.flight.RequestState.Cause;
import io.reflow.gateway.replica.Replica;
import io.reflow.gateway.replica.Replicas;
import java.util.Optional;

/// Knows at which replica a suspended call waits, or somebody listens for a page to be done with:
/// any may get the request that goes on with it.
public final class FlightHomes {

  private final Flights flights;
  private final StateSeal seal;
  private final Replicas replicas;

  public FlightHomes(Flights flights, StateSeal seal, Replicas replicas) {
    this.flights = flights;
    this.seal = seal;
    this.replicas = replicas;
  }

  /// What this replica is called in a state.
  public String here() {
    return Long.toString(replicas.epoch());
  }

  /// The other replica where the call of a state waits, if it lives. What is wrong with a state is
  /// for the request path to say. The database is asked only where the other is not known.
  ///
  /// @throws InvalidParams when it lives and takes nothing from others
  /// @throws io.reflow.gateway.fault.GatewayException.Unavailable when that can't be found out now
  public Optional<Replica> elsewhere(String state, UserId user) {
    Optional<Long> epoch = epoch(state, user);
    Optional<Replica> known = epoch.flatMap(replicas::find);
    return known.isPresent() ? known : epoch.flatMap(replicas::lookUp).map(FlightHomes::reachable);
  }

  /// Whether the call of a state could be made again once its replica is gone.
  public boolean repeatable(String state) {
    try {
      return seal.open(state).cause() instanceof Cause.Suspended(var _, var _, var past)
          && past.isPresent();
    } catch (InvalidParams _) {
      return false;
    }
  }

  /// Whether a replica, as it is called in a state, is another one than this and no longer lives.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.Unavailable when that can't be found out now
  public boolean gone(String replica) {
    long epoch = Long.parseLong(replica);
    return epoch != replicas.epoch()
        && replicas.find(epoch).isEmpty()
        && replicas.lookUp(epoch).isEmpty();
  }

  private static Replica reachable(Replica replica) {
    if (replica.address().isEmpty()) {
      throw new InvalidParams(
          "the suspended call waits at another replica, which takes nothing from this one"
              + " (replica.address is not set there); start again");
    }
    return replica;
  }

  private Optional<Long> epoch(String state, UserId user) {
    try {
      RequestState opened = seal.open(state);
      return opened.user().equals(user)
          ? home(opened.cause(), user).filter(epoch -> epoch != replicas.epoch())
          : Optional.empty();
    } catch (InvalidParams _) {
      return Optional.empty();
    }
  }

  private Optional<Long> home(Cause cause, UserId user) {
    return switch (cause) {
      case Cause.Suspended(var at, var flight, var _) ->
          flights.find(flight, user).isEmpty() ? Optional.of(Long.parseLong(at)) : Optional.empty();
      case Cause.Pages(var at, var _) ->
          at.isEmpty() ? Optional.empty() : Optional.of(Long.parseLong(at));
      case Cause.AtTarget _, Cause.Stored _ -> Optional.empty();
    };
  }
}
