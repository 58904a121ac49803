package io.reflow.gateway.identity;

import io.reflow.gateway.fault.GatewayException.NotAuthenticated;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
import io.reflow.gateway.http.Access;
import io.reflow.gateway.http.Gate;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.Authentication.Rejected;
import java.util.Optional;
import java.util.function.Consumer;

/// Lets users with a token of scope `api` use the REST API, and admins with one of scope `admin`
/// what is theirs.
public final class RestGate implements Gate<Authenticated> {

  private final Authenticator authenticator;
  private final Consumer<String> refused;

  /// @param refused counts those who are not let in, by a word for the reason
  public RestGate(Authenticator authenticator, Consumer<String> refused) {
    this.authenticator = authenticator;
    this.refused = refused;
  }

  @Override
  public Authenticated admit(Optional<String> bearerToken, Access access) {
    return switch (authenticator.authenticate(bearerToken)) {
      case Rejected(var why, var reason) -> {
        refused.accept(why.word());
        throw new NotAuthenticated(reason);
      }
      case Authenticated caller -> permitted(caller, access);
    };
  }

  private Authenticated permitted(Authenticated caller, Access access) {
    switch (access) {
      case PUBLIC -> {}
      case USER -> {
        if (!caller.mayUse(TokenScope.API)) {
          refused.accept("scope_missing");
          throw new NotPermitted("this needs a token with the scope 'api'");
        }
      }
      case ADMIN -> {
        if (!caller.mayUse(TokenScope.ADMIN)) {
          refused.accept("scope_missing");
          throw new NotPermitted("this needs the role 'admin' and a token with the scope 'admin'");
        }
      }
    }
    return caller;
  }
}
