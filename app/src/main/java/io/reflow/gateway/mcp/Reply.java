package io.reflow.gateway.mcp;

import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.SessionId;
import java.util.Map;
import java.util.Optional;

/// What the client gets.
sealed interface Reply {

  /// A whole JSON-RPC response.
  record Answer(RawJson message, Optional<SessionId> opened) implements Reply {}

  /// A JSON-RPC error, with the HTTP status and headers that go with it.
  record Refusal(int status, Map<String, String> headers, RawJson message) implements Reply {}

  /// Nothing to say: a notification or an answer of the client was taken in.
  record Accepted() implements Reply {}

  /// The session is over, as the client wished.
  record Closed() implements Reply {}

  /// The client has taken the request back: there is no answer.
  record Withdrawn() implements Reply {}
}
