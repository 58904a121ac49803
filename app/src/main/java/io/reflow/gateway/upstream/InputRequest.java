package io.reflow.gateway.upstream;

import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.RawJson;
import java.util.function.Consumer;

/// Something that a target wants to know of the client while it works on a call:
/// `elicitation/create`, `sampling/createMessage` or `roots/list`.
///
/// @param key names the question among those asked together; the target's own name for it where it
///   has one
/// @param progress hears of the client's progress with it, as the client tells it; does not block
public record InputRequest(
    String key, String method, JsonObject params, Consumer<RawJson> progress) {

  /// One whose target does not want to hear of progress.
  public InputRequest(String key, String method, JsonObject params) {
    this(key, method, params, _ -> {});
  }

  /// What was answered.
  public sealed interface Answer {

    /// The `result` of the client, unchanged.
    record Given(RawJson result) implements Answer {}

    /// The `error` of the client, or of the gateway in its place.
    record Refused(RawJson error) implements Answer {}
  }
}
