package io.reflow.gateway.mcp;

import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.session.Session;
import java.util.Optional;

/// What a request of the stateless era says of its client. Every request says it anew, so that
/// nothing of it has to be remembered.
///
/// @param logLevel empty when the client wants to hear no log messages of this request
record Claims(
    ProtocolVersion version,
    Session.Client client,
    ClientCapabilities capabilities,
    Optional<LogLevel> logLevel) {

  /// Of a notification, which says nothing of its client.
  static final Claims NONE =
      new Claims(
          ProtocolVersion.V2026_07_28,
          Session.Client.UNKNOWN,
          ClientCapabilities.NONE,
          Optional.empty());
}
