package io.reflow.gateway.telemetry;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;

/// `/metrics`, for Prometheus, on the management listener only: figures name targets and tools.
public final class MetricsRoutes {

  private final Metrics metrics;

  public MetricsRoutes(Metrics metrics) {
    this.metrics = metrics;
  }

  public void metrics(ServerRequest request, ServerResponse response) {
    response
        .header(HeaderNames.CONTENT_TYPE, Metrics.PROMETHEUS_TEXT)
        .send(metrics.prometheusText());
  }
}
