package io.reflow.gateway.http;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.helidon.webserver.http.ServerRequest;
import io.reflow.gateway.telemetry.TraceId;

/// The trace id of a request: the same one for everybody who asks.
public final class RequestTrace {

  private static final HeaderName TRACEPARENT = HeaderNames.create("traceparent");

  private RequestTrace() {}

  public static TraceId of(ServerRequest request) {
    return request.context().get(TraceId.class).orElseGet(() -> register(request));
  }

  private static TraceId register(ServerRequest request) {
    TraceId id = of(request.headers());
    request.context().register(id);
    return id;
  }

  static TraceId of(Headers headers) {
    return headers.first(TRACEPARENT).map(TraceId::ofTraceparent).orElseGet(TraceId::random);
  }
}
