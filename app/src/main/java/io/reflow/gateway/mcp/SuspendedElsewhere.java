package io.reflow.gateway.mcp;

import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.replica.Replica;

/// The message goes on with a call that is suspended at another replica: that one has to answer.
final class SuspendedElsewhere extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient Replica replica;
  private final transient RawJson body;

  SuspendedElsewhere(Replica replica, RawJson body) {
    super("suspended at another replica", null, false, false);
    this.replica = replica;
    this.body = body;
  }

  Replica replica() {
    return replica;
  }

  /// The whole body of the request.
  byte[] body() {
    return body.array();
  }
}
