package io.reflow.gateway.live;

import io.reflow.gateway.session.Session;
import java.time.Instant;

/// A session of this replica on the wire.
///
/// @param sessionId as in the audit log: nobody can use the session by it
/// @param client what the client calls itself
/// @param path where it began: `/mcp`, or `/mcp/{target}`
public record SessionJson(
    String sessionId,
    String userId,
    String userEmail,
    String client,
    String protocolVersion,
    String path,
    Instant openedAt,
    Instant lastActivity,
    int requestsInFlight) {

  static SessionJson of(Session session) {
    return new SessionJson(
        session.digest(),
        session.owner().user().toString(),
        session.owner().email(),
        session.client().toString(),
        session.version().wireName(),
        session.target().map(name -> "/mcp/" + name).orElse("/mcp"),
        session.openedAt(),
        session.lastUsed(),
        session.requestsInFlight());
  }
}
