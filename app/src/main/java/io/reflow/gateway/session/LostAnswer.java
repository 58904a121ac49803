package io.reflow.gateway.session;

import io.reflow.gateway.protocol.RawJson;

/// What a client is told in place of an answer that will never come: the replica that worked on the
/// request is gone.
public final class LostAnswer {

  public static final String REASON = "the replica that worked on it went away";

  private LostAnswer() {}

  /// The answer to a request of that id, as JSON. Nobody can know more.
  public static RawJson to(RawJson id) {
    return RawJson.of(
        "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":-32603,\"message\":\"%s: whether it took effect is not known\"}}"
            .formatted(id, REASON));
  }
}
