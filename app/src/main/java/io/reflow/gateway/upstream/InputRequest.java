package io.reflow.gateway.upstream;

import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.RawJson;

/// Something that a target wants to know of the client while it works on a call:
/// `elicitation/create`, `sampling/createMessage` or `roots/list`.
///
/// @param key names the question among those asked together; the target's own name for it where it
///   has one
public record InputRequest(String key, String method, JsonObject params) {

  /// What was answered.
  public sealed interface Answer {

    /// The `result` of the client, unchanged.
    record Given(RawJson result) implements Answer {}

    /// The `error` of the client, or of the gateway in its place.
    record Refused(RawJson error) implements Answer {}
  }
}
