package io.reflow.gateway.http;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.reflow.gateway.telemetry.HttpSpan;
import io.reflow.gateway.telemetry.SpanFacts;
import io.reflow.gateway.telemetry.Tracing;
import java.io.UncheckedIOException;
import java.util.Set;

/// A span for each request, from its arrival to its answer. Only there while requests are traced.
///
/// See <https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server>
final class TracedRequests implements Filter {

  private static final HeaderName TRACEPARENT = HeaderNames.create("traceparent");
  private static final HeaderName TRACESTATE = HeaderNames.create("tracestate");
  private static final HeaderName BAGGAGE = HeaderNames.create("baggage");
  private static final Set<String> METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH");

  /// Asked by machines, all the time.
  private static final String HEALTH = "/health";

  private final Tracing tracing;
  private final boolean internal;

  /// @param internal whether all requests come from other replicas
  TracedRequests(Tracing tracing, boolean internal) {
    this.tracing = tracing;
    this.internal = internal;
  }

  @Override
  public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    if (request.path().path().startsWith(HEALTH)) {
      chain.proceed();
      return;
    }
    Headers headers = request.headers();
    HttpSpan span =
        tracing.arrived(
            RequestTrace.of(request),
            new HttpSpan.Arrival(
                headers.first(TRACEPARENT),
                headers.first(TRACESTATE),
                headers.first(BAGGAGE),
                internal));
    request.context().register(span);
    response.whenSent(() -> over(span, request, response));
    try {
      chain.proceed();
      over(span, request, response);
    } catch (CloseConnectionException | UncheckedIOException e) {
      span.over(name(request), "client_left", facts -> describe(facts, request));
      throw e;
    }
  }

  private static void over(HttpSpan span, RoutingRequest request, RoutingResponse response) {
    int status = response.status().code();
    span.over(
        name(request),
        status >= 500 ? Integer.toString(status) : "",
        facts -> {
          describe(facts, request);
          facts.number("http.response.status_code", status);
        });
  }

  private static String name(RoutingRequest request) {
    String method = request.prologue().method().text();
    String shown = METHODS.contains(method) ? method : "HTTP";
    return request.matchingPattern().map(route -> shown + " " + route).orElse(shown);
  }

  private static void describe(SpanFacts facts, RoutingRequest request) {
    String method = request.prologue().method().text();
    facts
        .text("http.request.method", METHODS.contains(method) ? method : "_OTHER")
        .text("http.route", request.matchingPattern())
        .text("url.path", request.path().rawPath())
        .text("url.scheme", request.isSecure() ? "https" : "http")
        .text("client.address", request.remotePeer().host())
        .text("user_agent.original", request.headers().first(HeaderNames.USER_AGENT))
        .text("network.protocol.version", "1.1");
  }
}
