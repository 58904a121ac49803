package io.reflow.gateway.live;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;

/// The first message of a client: who it is.
public record WatchJson(String token) {

  public WatchJson {
    if (token == null) {
      throw new InvalidRequest("token is needed");
    }
  }

  @Override
  public String toString() {
    return "WatchJson[redacted]";
  }
}
