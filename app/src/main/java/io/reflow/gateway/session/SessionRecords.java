package io.reflow.gateway.session;

import io.reflow.gateway.identity.UserId;
import java.util.Optional;

/// Where sessions are kept beyond the life of this process.
public interface SessionRecords {

  /// For sessions that end with the process.
  SessionRecords NONE = new MemoryOnly();

  /// An id for a new session.
  SessionId newId();

  /// Records a new session. When it returns, the session outlives this process.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.Unavailable when it can't be recorded
  /// @throws io.reflow.gateway.fault.GatewayException.Overloaded when the user has as many as
  ///   allowed on all replicas together, and none of them can be ended for it
  void opened(Session session);

  /// Takes out the record of a session that is over. Does not wait for it.
  void ended(Session session);

  /// The record of a session that this process does not have in memory, and from now on may have:
  /// nobody else has it, or will get it while this replica lives. Empty where there is none of that
  /// user on that path, or where another replica has it.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.Unavailable when that can't be found out now
  Optional<SessionRecord> claim(String id, UserId user, Optional<String> target);
}
