package io.reflow.gateway.http;

import io.helidon.webserver.http.RoutingRequest;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;

/// Refuses tokens in the URL, where logs, proxies and browser histories would keep them.
final class TokenInQuery {

  private TokenInQuery() {}

  static void check(RoutingRequest request) {
    var query = request.query();
    if (!query.isEmpty() && (query.contains("token") || query.contains("access_token"))) {
      throw new InvalidRequest(
          "a token must not be in the URL; send it as 'Authorization: Bearer <token>' instead,"
              + " and replace this one: it may be in logs by now");
    }
  }
}
