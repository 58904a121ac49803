package io.reflow.gateway.http;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.helidon.webserver.http.ServerRequest;
import io.reflow.gateway.telemetry.HttpSpan;
import io.reflow.gateway.telemetry.Propagation;
import io.reflow.gateway.telemetry.Trace;
import io.reflow.gateway.telemetry.TraceId;
import java.util.Optional;

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

  /// The trace of one message of a request.
  public static Trace message(ServerRequest request) {
    return request.context().get(HttpSpan.class).map(HttpSpan::message).orElse(Trace.OFF);
  }

  /// The trace of the request as another replica is told of it; empty where it is not traced.
  public static Optional<Propagation> onward(ServerRequest request) {
    return request.context().get(HttpSpan.class).map(HttpSpan::onward);
  }

  static TraceId of(Headers headers) {
    return headers.first(TRACEPARENT).map(TraceId::ofTraceparent).orElseGet(TraceId::random);
  }
}
