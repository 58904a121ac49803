package io.reflow.gateway.http;

import java.util.Optional;

/// Decides whether the bearer of a token may use a route, and says who that is.
///
/// @param <C> what is known of the caller
@FunctionalInterface
public interface Gate<C> {

  /// Lets the caller in, or throws.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.NotAuthenticated without a token that counts
  /// @throws io.reflow.gateway.fault.GatewayException.NotPermitted when the caller may not
  C admit(Optional<String> bearerToken, Access access);
}
