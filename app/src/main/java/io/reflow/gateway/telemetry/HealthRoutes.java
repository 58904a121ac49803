package io.reflow.gateway.telemetry;

import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.reflow.gateway.telemetry.Health.Report;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// `/health`, `/health/live` and `/health/ready`, for anybody, on every listener.
public final class HealthRoutes {

  private final Health health;

  public HealthRoutes(Health health) {
    this.health = health;
  }

  /// The same as [#ready]: what people and simple checks ask for.
  public void health(ServerRequest request, ServerResponse response) {
    ready(request, response);
  }

  public void live(ServerRequest request, ServerResponse response) {
    send(response, health.live());
  }

  public void ready(ServerRequest request, ServerResponse response) {
    send(response, health.ready());
  }

  private static void send(ServerResponse response, Report report) {
    response
        .status(
            switch (report.status()) {
              case OK, DEGRADED -> Status.OK_200;
              case UNAVAILABLE -> Status.SERVICE_UNAVAILABLE_503;
            })
        .header(HeaderNames.CONTENT_TYPE, "application/json")
        .header(HeaderNames.CACHE_CONTROL, "no-store")
        .send(json(report).getBytes(StandardCharsets.UTF_8));
  }

  /// The reasons are constants of ours: nothing in them needs escaping.
  private static String json(Report report) {
    String status = report.status().name().toLowerCase(Locale.ROOT);
    return report.reason().isEmpty()
        ? "{\"status\":\"%s\"}".formatted(status)
        : "{\"status\":\"%s\",\"reason\":\"%s\"}".formatted(status, report.reason());
  }
}
