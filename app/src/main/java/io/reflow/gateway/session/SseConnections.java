package io.reflow.gateway.session;

import io.reflow.gateway.identity.Identity;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// The open connections of the transport of 2024-11-05 on this replica. Found only by the user that
/// opened them.
public final class SseConnections {

  private final Map<String, SseConnection> connections = new ConcurrentHashMap<>();
  private final Sessions sessions;
  private final InstantSource clock;

  public SseConnections(Sessions sessions, InstantSource clock) {
    this.sessions = sessions;
    this.clock = clock;
  }

  /// Opens a connection; to be closed in the end.
  public SseConnection open(Identity owner, Optional<String> target) {
    var connection =
        new SseConnection(sessions.newId().value(), owner, target, Conversation.begin(clock));
    connections.put(connection.id(), connection);
    return connection;
  }

  /// Whether a connection of that id is open here.
  public boolean holds(String id) {
    return connections.containsKey(id);
  }

  /// The caller's connection of that id.
  public Optional<SseConnection> find(String id, Identity caller) {
    return Optional.ofNullable(connections.get(id))
        .filter(found -> found.owner().user().equals(caller.user()));
  }

  /// Lets a session that was just opened speak over a connection, and end with it: at once, where
  /// the connection has ended meanwhile.
  public void carry(SseConnection connection, Session opened) {
    connection.carry(opened);
    if (!holds(connection.id())) {
      sessions.end(opened);
    }
  }

  /// Ends a connection, and the session on it. Idempotent.
  public void close(SseConnection connection) {
    if (connections.remove(connection.id()) != null) {
      connection.stream().end();
      connection.session().ifPresent(sessions::end);
    }
  }
}
