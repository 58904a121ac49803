package io.reflow.gateway.http;

import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;

/// Refuses tokens in the URL, where logs, proxies and browser histories would keep them.
final class TokenInQuery implements Filter {

  @Override
  public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    var query = request.query();
    if (!query.isEmpty() && (query.contains("token") || query.contains("access_token"))) {
      throw new InvalidRequest(
          "a token must not be in the URL; send it as 'Authorization: Bearer <token>' instead,"
              + " and replace this one: it may be in logs by now");
    }
    chain.proceed();
  }
}
