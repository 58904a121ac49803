package io.reflow.gateway.mcp;

import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.policy.Decision;
import io.reflow.gateway.policy.Permit;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.upstream.Reach;
import java.util.List;
import java.util.Optional;

/// A message on its way through the stages: each record says what is known by then.
sealed interface Call {

  AuditTrail trail();

  /// Bytes from somebody.
  record Received(Incoming http, AuditTrail trail) implements Call {}

  /// From whom.
  record Known(Authenticated caller, Received received) implements Call {

    @Override
    public AuditTrail trail() {
      return received.trail();
    }
  }

  /// What they say: a message, or the wish to close the session. A message of the stateless era
  /// makes claims of its client, one of the `initialize` era belongs to a session.
  ///
  /// @param batch what came together; there is no message then
  record Understood(
      Optional<Message> message, Optional<Claims> claims, List<RawJson> batch, Known call)
      implements Call {

    Understood(Optional<Message> message, Optional<Claims> claims, Known call) {
      this(message, claims, List.of(), call);
    }

    /// The ids of the requests that came.
    List<RawJson> requests() {
      return message.orElse(null) instanceof Message.Request request
          ? List.of(request.id())
          : Batch.requests(batch);
    }

    @Override
    public AuditTrail trail() {
      return call.trail();
    }
  }

  /// In which session.
  record InSession(Session session, boolean opened, Understood call) implements Call {

    Identity caller() {
      return call.call().caller().identity();
    }

    Authenticated token() {
      return call.call().caller();
    }

    Incoming http() {
      return call.call().received().http();
    }

    Optional<Message> message() {
      return call.message();
    }

    @Override
    public AuditTrail trail() {
      return call.trail();
    }
  }

  /// Where it goes.
  record Routed(InSession call, Way<Candidate> way) implements Call {

    @Override
    public AuditTrail trail() {
      return call.trail();
    }
  }

  /// That it may.
  record Permitted(InSession call, Way<Granted> way) implements Call {

    @Override
    public AuditTrail trail() {
      return call.trail();
    }
  }

  /// With what; and which targets lack something, so that they can't be called.
  record Equipped(InSession call, Way<Ready> way, List<Unequipped> unequipped) implements Call {

    @Override
    public AuditTrail trail() {
      return call.trail();
    }
  }

  /// A target that may be meant. `name` is the upstream's own name of what is wanted, empty for a
  /// whole list; `prefix` is what the client's name began with; `cut` says that the name was
  /// shortened, so that only the target's list can tell the whole one; `page` says that it is meant
  /// only if a page of the target may have asked, which does not know of prefixes.
  record Candidate(Target target, String prefix, String name, boolean cut, boolean page) {

    Candidate(Target target, String prefix, String name, boolean cut) {
      this(target, prefix, name, cut, false);
    }
  }

  /// A target that the caller may see, and what the policies say of what is wanted there.
  record Granted(Candidate candidate, Permit permit, Decision decision) {}

  /// A target that can't be called, since what belongs there can't be had.
  record Unequipped(Granted granted, GatewayException reason) {}

  /// A target that can be called.
  record Ready(Candidate candidate, Reach reach, Decision decision) {}
}
