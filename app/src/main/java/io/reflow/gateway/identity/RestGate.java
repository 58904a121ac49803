package io.reflow.gateway.identity;

import io.reflow.gateway.fault.GatewayException.NotAuthenticated;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
import io.reflow.gateway.http.Access;
import io.reflow.gateway.http.Gate;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.Authentication.Rejected;
import java.util.Optional;

/// Lets users with a token of scope `api` use the REST API, and admins with one of scope `admin`
/// what is theirs.
public final class RestGate implements Gate<Authenticated> {

  private final Authenticator authenticator;

  public RestGate(Authenticator authenticator) {
    this.authenticator = authenticator;
  }

  @Override
  public Authenticated admit(Optional<String> bearerToken, Access access) {
    return switch (authenticator.authenticate(bearerToken)) {
      case Rejected rejected -> throw new NotAuthenticated(rejected.reason());
      case Authenticated caller -> permitted(caller, access);
    };
  }

  private static Authenticated permitted(Authenticated caller, Access access) {
    switch (access) {
      case PUBLIC -> {}
      case USER -> {
        if (!caller.mayUse(TokenScope.API)) {
          throw new NotPermitted("this needs a token with the scope 'api'");
        }
      }
      case ADMIN -> {
        if (!caller.mayUse(TokenScope.ADMIN)) {
          throw new NotPermitted("this needs the role 'admin' and a token with the scope 'admin'");
        }
      }
    }
    return caller;
  }
}
