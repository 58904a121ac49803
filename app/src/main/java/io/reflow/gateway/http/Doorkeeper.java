package io.reflow.gateway.http;

import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;

/// Looks at each request before any route does. One filter for all that there is to look at: each
/// more of them would lie on the stack of every call while it waits for its target.
final class Doorkeeper implements Filter {

  private final HostAndOrigin hostAndOrigin;
  private final Cors cors;

  Doorkeeper(HostAndOrigin hostAndOrigin, Cors cors) {
    this.hostAndOrigin = hostAndOrigin;
    this.cors = cors;
  }

  @Override
  public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    hostAndOrigin.check(request);
    if (!cors.answers(request, response)) {
      TokenInQuery.check(request);
      chain.proceed();
    }
  }
}
