package io.reflow.gateway.mcp.flight;

import io.reflow.gateway.fault.GatewayException.InvalidParams;
import io.reflow.gateway.fault.GatewayException.Unavailable;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.mcp.flight.RequestState.Cause;
import io.reflow.gateway.mcp.flight.RequestState.Past;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.Target;
import java.util.Optional;

/// What it takes to make a suspended call again at another replica, when its own is gone: for
/// targets that don't mind. Everything that was asked and answered goes along with the client.
public final class Repeats {

  /// What is longer stays here.
  private static final int LONGEST_TO_TRAVEL = 64 << 10;

  private final StateStore states;
  private final FlightHomes homes;

  public Repeats(StateStore states, FlightHomes homes) {
    this.states = states;
    this.homes = homes;
  }

  /// The beginning of a history; only a call that may be made twice is remembered.
  public Optional<History> remembering(Target target) {
    return target.settings().replaySafe() ? Optional.of(new History()) : Optional.empty();
  }

  /// Where the history is from now on. A call whose history can't be kept is suspended all the
  /// same, but can't be made again.
  public Optional<Past> past(UserId user, RawJson history) {
    if (history.length() <= LONGEST_TO_TRAVEL) {
      return Optional.of(new Past.Told(history));
    }
    try {
      return states.keep(user, history).map(Past.Kept::new);
    } catch (Unavailable _) {
      return Optional.empty();
    }
  }

  /// The history of a call that is not here, if it may be made again.
  public Optional<History> history(Target target, RequestState state, Cause.Suspended suspended) {
    if (!target.settings().replaySafe() || !homes.gone(suspended.replica())) {
      return Optional.empty();
    }
    return suspended.past().flatMap(past -> history(past, state.user()));
  }

  private Optional<History> history(Past past, UserId user) {
    return switch (past) {
      case Past.Told(var history) -> Optional.of(History.read(history));
      case Past.Kept(var row) -> states.find(row, user).map(History::read);
    };
  }

  /// A state with which a call could be made again is used once, wherever that is.
  ///
  /// @throws InvalidParams when it was used before
  public void use(RequestState state, Cause.Suspended suspended) {
    if (suspended.past().isPresent()
        && !states.use(state.user(), suspended.flight(), state.round())) {
      throw new InvalidParams("the requestState has been used already, or has expired");
    }
  }
}
