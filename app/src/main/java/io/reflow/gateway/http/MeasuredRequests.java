package io.reflow.gateway.http;

import io.helidon.http.HttpException;
import io.helidon.http.Status;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.telemetry.Metrics;
import java.time.Duration;

/// Measures every request of a listener, by the pattern of its route and never by its path.
final class MeasuredRequests implements Filter {

  private final Metrics metrics;

  MeasuredRequests(Metrics metrics) {
    this.metrics = metrics;
  }

  @Override
  public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    long begun = System.nanoTime();
    int refused = Status.INTERNAL_SERVER_ERROR_500.code();
    metrics.httpRequestBegins();
    try {
      chain.proceed();
      refused = 0;
    } catch (HttpException e) {
      // A filter behind this one has refused it; whoever answers stands before this one.
      refused = e.status().code();
      throw e;
    } catch (InvalidRequest e) {
      refused = Status.BAD_REQUEST_400.code();
      throw e;
    } finally {
      metrics.httpRequest(
          request.prologue().method().text(),
          request.matchingPattern(),
          refused == 0 ? response.status().code() : refused,
          Duration.ofNanos(System.nanoTime() - begun));
    }
  }
}
