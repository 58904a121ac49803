package io.reflow.gateway.protocol;

import java.util.Optional;

/// One JSON-RPC 2.0 message, as read from the wire. The parts are views into the bytes that came.
public sealed interface Message {

  /// Wants an answer under the same `id`, a string or an integer kept as its text.
  record Request(RawJson id, String method, JsonObject params) implements Message {}

  /// Wants no answer.
  record Notification(String method, JsonObject params) implements Message {}

  /// The answer of a request that went well.
  record Result(RawJson id, RawJson result) implements Message {}

  /// The answer of a request that failed; without an id where the peer could not read it.
  record Failure(Optional<RawJson> id, RawJson error) implements Message {}
}
