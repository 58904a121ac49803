package io.reflow.gateway.session;

import io.reflow.gateway.protocol.RawJson;

/// What a client is told of a request whose answer will never come: the replica that worked on it
/// is gone.
public final class LostRequest {

  public static final String REASON = "the replica that worked on it went away";

  private LostRequest() {}

  /// The answer in place of the one that was lost. Nobody can know more.
  public static RawJson answer(RawJson id) {
    return RawJson.of(
        "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":-32603,\"message\":\"%s: whether it took effect is not known\"}}"
            .formatted(id, REASON));
  }
}
