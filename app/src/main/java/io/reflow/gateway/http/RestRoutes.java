package io.reflow.gateway.http;

import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.HttpException;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.reflow.gateway.fault.GatewayException.NotAuthenticated;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/// The table of REST routes. Each says who may use it; another method on a known path is a 405.
///
/// @param <C> what is known of the caller
public final class RestRoutes<C> {

  private final HttpRouting.Builder routing;
  private final Gate<C> gate;
  private final Map<String, TreeSet<String>> methods = new LinkedHashMap<>();

  public RestRoutes(HttpRouting.Builder routing, Gate<C> gate) {
    this.routing = routing;
    this.gate = gate;
  }

  public RestRoutes<C> get(String path, Access access, RestHandler<C> handler) {
    return route(Method.HEAD, path, access, handler).route(Method.GET, path, access, handler);
  }

  public RestRoutes<C> post(String path, Access access, RestHandler<C> handler) {
    return route(Method.POST, path, access, handler);
  }

  public RestRoutes<C> put(String path, Access access, RestHandler<C> handler) {
    return route(Method.PUT, path, access, handler);
  }

  public RestRoutes<C> delete(String path, Access access, RestHandler<C> handler) {
    return route(Method.DELETE, path, access, handler);
  }

  /// Adds what answers the other methods of the known paths; call it last.
  public void refuseOtherMethods() {
    methods.forEach((path, allowed) -> {
      allowed.add(Method.OPTIONS.text());
      String allow = String.join(", ", allowed);
      routing.options(path, (_, response) -> options(response, allow));
      routing.any(path, (request, _) -> methodNotAllowed(request, allow));
    });
  }

  private RestRoutes<C> route(Method method, String path, Access access, RestHandler<C> handler) {
    methods.computeIfAbsent(path, _ -> new TreeSet<>()).add(method.text());
    routing.route(
        method,
        path,
        (request, response) -> {
          Optional<C> caller =
              access == Access.PUBLIC
                  ? Optional.empty()
                  : Optional.of(gate.admit(bearerToken(request), access));
          handler.handle(new Exchange<>(request, response, caller));
        });
    return this;
  }

  /// The token of the `Authorization` header; a token anywhere else is none.
  public static Optional<String> bearerToken(ServerRequest request) {
    List<String> headers = request.headers().all(HeaderNames.AUTHORIZATION, List::of);
    if (headers.isEmpty()) {
      return Optional.empty();
    }
    String value = headers.getFirst();
    if (headers.size() > 1 || !value.regionMatches(true, 0, "Bearer ", 0, 7)) {
      throw new NotAuthenticated("there must be one Authorization header, 'Bearer <token>'");
    }
    return Optional.of(value.substring(7).strip());
  }

  private static void options(ServerResponse response, String allow) {
    response.status(Status.NO_CONTENT_204).header(HeaderNames.ALLOW, allow).send();
  }

  private static void methodNotAllowed(ServerRequest request, String allow) {
    throw new HttpException(
            "%s is not possible here, only %s".formatted(request.prologue().method().text(), allow),
            Status.METHOD_NOT_ALLOWED_405,
            true)
        .header(HeaderValues.create(HeaderNames.ALLOW, allow));
  }
}
