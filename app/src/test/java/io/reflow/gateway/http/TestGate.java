package io.reflow.gateway.http;

import io.reflow.gateway.fault.GatewayException.NotAuthenticated;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
import java.util.Optional;

/// Admits the token `good`, everywhere but to what is for admins.
final class TestGate implements Gate<String> {

  @Override
  public String admit(Optional<String> bearerToken, Access access) {
    String token = bearerToken.orElseThrow(() -> new NotAuthenticated("a token is needed"));
    if (!token.equals("good")) {
      throw new NotAuthenticated("the token does not count");
    }
    if (access == Access.ADMIN) {
      throw new NotPermitted("only admins may do this");
    }
    return "alice";
  }
}
