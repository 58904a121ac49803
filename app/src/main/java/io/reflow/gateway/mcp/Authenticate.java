package io.reflow.gateway.mcp;

import io.reflow.gateway.fault.GatewayException.NotAuthenticated;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
import io.reflow.gateway.identity.Authentication;
import io.reflow.gateway.identity.Authenticator;
import io.reflow.gateway.identity.TokenScope;

/// Finds out who calls. Nothing else of the request is looked at before.
final class Authenticate implements Stage<Call.Received, Call.Known> {

  private final Authenticator authenticator;

  Authenticate(Authenticator authenticator) {
    this.authenticator = authenticator;
  }

  @Override
  public Call.Known apply(Call.Received call) {
    return switch (authenticator.authenticate(call.http().bearerToken().get())) {
      case Authentication.Rejected(var why, var reason) -> {
        call.trail().refusedFor(why.word());
        throw new NotAuthenticated(reason);
      }
      case Authentication.Authenticated caller -> {
        call.trail().caller(caller.identity());
        if (!caller.mayUse(TokenScope.MCP)) {
          call.trail().refusedFor("scope_missing");
          call.trail().deniedBy("", "the token lacks the scope 'mcp'");
          throw new NotPermitted("the token lacks the scope 'mcp'");
        }
        yield new Call.Known(caller, call);
      }
    };
  }
}
