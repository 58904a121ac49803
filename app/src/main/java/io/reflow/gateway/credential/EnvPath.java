package io.reflow.gateway.credential;

import io.reflow.gateway.http.Exchange;
import io.reflow.gateway.identity.IdentityRules;
import io.reflow.gateway.identity.UserId;

/// The paths below `/api/targets/{id}/env` and which scope each names.
public enum EnvPath {
  DEFAULT,
  ROLE,
  GROUP,
  USER;

  /// The scope that the path parameter of the same name holds.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.InvalidRequest when nothing can be called
  ///   that
  Scope scope(Exchange<?> exchange) {
    return switch (this) {
      case DEFAULT -> new Scope.Default();
      case ROLE -> new Scope.Role(IdentityRules.name("role", exchange.path("role")));
      case GROUP -> new Scope.Group(IdentityRules.name("group", exchange.path("group")));
      case USER -> new Scope.User(new UserId(exchange.id("user")));
    };
  }
}
