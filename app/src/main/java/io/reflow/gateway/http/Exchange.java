package io.reflow.gateway.http;

import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.reflow.gateway.fault.GatewayException.NotAuthenticated;
import io.reflow.gateway.fault.GatewayException.NotFound;
import java.util.Optional;
import java.util.UUID;

/// One REST request and the way to answer it.
///
/// @param <C> what is known of the caller
public final class Exchange<C> {

  private final ServerRequest request;
  private final ServerResponse response;
  private final Optional<C> caller;

  Exchange(ServerRequest request, ServerResponse response, Optional<C> caller) {
    this.request = request;
    this.response = response;
    this.caller = caller;
  }

  /// Who calls; only on routes that are not public.
  public C caller() {
    return caller.orElseThrow(() -> new NotAuthenticated("this route needs a token"));
  }

  /// The body, bound to a record by JSON-B with `snake_case` names.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.InvalidRequest naming the field that is
  ///   unknown or of the wrong type
  public <T> T body(Class<T> type) {
    return JsonBody.read(request, type);
  }

  /// A path parameter.
  public String path(String name) {
    return request.path().pathParameters().get(name);
  }

  /// A path parameter that is a UUID; what is none names nothing, so it is a 404.
  public UUID id(String name) {
    try {
      return UUID.fromString(path(name));
    } catch (IllegalArgumentException _) {
      throw new NotFound("there is nothing with id '%s'".formatted(path(name)));
    }
  }

  /// The first query parameter of that name.
  public Optional<String> query(String name) {
    return request.query().first(name).asOptional();
  }

  /// The address of the peer: the client's, or that of a proxy in front of the gateway.
  public String peer() {
    return request.remotePeer().host();
  }

  public void ok(Object json) {
    send(Status.OK_200, json);
  }

  public void created(Object json) {
    send(Status.CREATED_201, json);
  }

  public void noContent() {
    response.status(Status.NO_CONTENT_204).send();
  }

  private void send(Status status, Object json) {
    response
        .status(status)
        .header(HeaderNames.CONTENT_TYPE, "application/json")
        .send(JsonBody.write(json));
  }
}
