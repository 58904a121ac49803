package io.reflow.gateway.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.webserver.WebServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HealthTest {

  private final Health health = new Health();
  private final Metrics metrics = new Metrics("1", InstantSource.system());
  private final HttpClient client = HttpClient.newHttpClient();
  private WebServer server;

  @BeforeEach
  void start() {
    HealthRoutes routes = new HealthRoutes(health);
    server =
        WebServer.builder()
            .featuresDiscoverServices(false)
            .host("127.0.0.1")
            .port(0)
            .routing(it ->
                it.get("/health", routes::health)
                    .get("/health/live", routes::live)
                    .get("/health/ready", routes::ready)
                    .get("/metrics", new MetricsRoutes(metrics)::metrics))
            .build()
            .start();
  }

  @AfterEach
  void stop() {
    server.stop();
    client.close();
    metrics.close();
  }

  @Test
  void isLiveButNotReadyBeforeTheRulesAreThere() throws IOException, InterruptedException {
    assertAnswers("/health/live", 200, "{\"status\":\"ok\"}");
    String expected = "{\"status\":\"unavailable\",\"reason\":\"the gateway is starting\"}";
    assertAnswers("/health/ready", 503, expected);
    assertAnswers("/health", 503, expected);
  }

  @Test
  void isReadyWithRules() throws IOException, InterruptedException {
    health.started();

    assertAnswers("/health", 200, "{\"status\":\"ok\"}");
    assertAnswers("/health/ready", 200, "{\"status\":\"ok\"}");
  }

  @Test
  void staysReadyWithoutTheDatabaseUntilTheRulesAreTooOld()
      throws IOException, InterruptedException {
    AtomicBoolean tooOld = new AtomicBoolean();
    health.started();
    health.databaseAwayWhen(() -> true);
    health.rulesTooOldWhen(tooOld::get);

    assertAnswers(
        "/health/ready", 200, "{\"status\":\"degraded\",\"reason\":\"the database is away\"}");

    tooOld.set(true);

    assertAnswers(
        "/health/ready", 503, "{\"status\":\"unavailable\",\"reason\":\"the rules are too old\"}");
    assertAnswers("/health/live", 200, "{\"status\":\"ok\"}");
  }

  @Test
  void isNotReadyWhileItStops() throws IOException, InterruptedException {
    health.started();
    health.drain();

    assertAnswers(
        "/health/ready",
        503,
        "{\"status\":\"unavailable\",\"reason\":\"the gateway is stopping\"}");
  }

  @Test
  void servesFiguresAsPrometheusText() throws IOException, InterruptedException {
    HttpResponse<String> response = get("/metrics");

    assertThat(response.headers().firstValue("content-type").orElseThrow())
        .startsWith("text/plain; version=0.0.4");
    assertThat(response.body()).contains("reflow_build_info{");
  }

  private void assertAnswers(String path, int status, String body)
      throws IOException, InterruptedException {
    HttpResponse<String> response = get(path);
    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.body()).isEqualTo(body);
    assertThat(response.headers().firstValue("content-type")).contains("application/json");
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + server.port() + path);
    return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
  }
}
