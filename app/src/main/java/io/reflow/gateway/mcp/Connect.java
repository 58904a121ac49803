package io.reflow.gateway.mcp;

import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.Authenticator;
import io.reflow.gateway.session.EventStream.Reading;
import io.reflow.gateway.session.OpenStreams;
import io.reflow.gateway.session.SseConnection;
import io.reflow.gateway.session.SseConnections;
import java.util.Optional;

/// Opens a connection of the oldest transport: a stream for all that the client is sent. Its
/// session begins with `initialize`, which is posted later.
///
/// See <https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse>
final class Connect implements Stage<Call.Understood, Reply> {

  private final OpenSession sessions;
  private final SseConnections connections;
  private final OpenStreams open;
  private final Authenticator authenticator;

  Connect(
      OpenSession sessions,
      SseConnections connections,
      OpenStreams open,
      Authenticator authenticator) {
    this.sessions = sessions;
    this.connections = connections;
    this.open = open;
    this.authenticator = authenticator;
  }

  @Override
  public Reply apply(Call.Understood call) {
    Authenticated caller = call.call().caller();
    Optional<String> target = call.call().received().http().target();
    sessions.requireVisible(call.trail(), caller.identity(), target);
    SseConnection connection = connections.open(caller.identity(), target);
    Reading reading = connection.stream().read();
    try {
      OpenStreams.Entry entry =
          open.add(
              caller.identity().user(),
              () -> authenticator.recheck(caller) instanceof Authenticated,
              reading::close);
      return new Reply.Connected(connection, reading, entry);
    } catch (RuntimeException e) {
      connections.close(connection);
      throw e;
    }
  }
}
