package io.reflow.gateway.http;

import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.reflow.gateway.config.CorsConfig;

/// Lets pages of allowed origins read the gateway's answers, and answers the question that browsers
/// ask before. Comes after [HostAndOrigin]: an origin that gets here is allowed. Cookies are never
/// looked at, so credentials are not allowed either.
final class Cors {

  private static final Header VARY = HeaderValues.createCached(HeaderNames.VARY, "Origin");
  private static final Header VARY_PREFLIGHT =
      HeaderValues.create(HeaderNames.VARY, "Origin, Access-Control-Request-Headers");
  private static final Header METHODS =
      HeaderValues.create(HeaderNames.ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST, PUT, DELETE");
  private static final Header EXPOSED =
      HeaderValues.create(
          HeaderNames.ACCESS_CONTROL_EXPOSE_HEADERS,
          "Mcp-Session-Id, WWW-Authenticate, MCP-Protocol-Version, Retry-After, X-Next-Cursor");

  private final Header maxAge;

  Cors(CorsConfig config) {
    this.maxAge =
        HeaderValues.create(
            HeaderNames.ACCESS_CONTROL_MAX_AGE, String.valueOf(config.maxAge().toSeconds()));
  }

  /// Sets the headers that the answer has to have.
  ///
  /// @return whether that was all: the browser only asked whether it may ask
  boolean answers(RoutingRequest request, RoutingResponse response) {
    if (!request.headers().contains(HeaderNames.ORIGIN)) {
      response.header(VARY);
      return false;
    }
    response.header(
        HeaderValues.create(
            HeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN,
            request.headers().get(HeaderNames.ORIGIN).get()));
    if (preflight(request)) {
      answer(request, response);
      return true;
    }
    response.header(VARY).header(EXPOSED);
    return false;
  }

  private static boolean preflight(RoutingRequest request) {
    return request.prologue().method().equals(Method.OPTIONS)
        && request.headers().contains(HeaderNames.ACCESS_CONTROL_REQUEST_METHOD);
  }

  private void answer(RoutingRequest request, RoutingResponse response) {
    request
        .headers()
        .first(HeaderNames.ACCESS_CONTROL_REQUEST_HEADERS)
        .ifPresent(names -> response.header(HeaderNames.ACCESS_CONTROL_ALLOW_HEADERS, names));
    response
        .header(METHODS)
        .header(maxAge)
        .header(VARY_PREFLIGHT)
        .status(Status.NO_CONTENT_204)
        .send();
  }
}
