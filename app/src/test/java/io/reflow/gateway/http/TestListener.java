package io.reflow.gateway.http;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.HttpRouting;
import io.reflow.gateway.config.CorsConfig;
import io.reflow.gateway.config.DataSize;
import io.reflow.gateway.config.ServerConfig;
import io.reflow.gateway.telemetry.Metrics;
import io.reflow.gateway.testing.RawClient;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// A real listener on a free port, set up as the gateway does it. Its deadlines are for tests that
/// are not about them: a machine that stands still for some seconds passes them.
final class TestListener implements AutoCloseable {

  static final String PAGE = "https://app.example.com";

  private final Metrics metrics = new Metrics("test", InstantSource.system());
  private final WebServer server;

  TestListener(Consumer<HttpRouting.Builder> routes) {
    this(config(), routes);
  }

  TestListener(ServerConfig config, Consumer<HttpRouting.Builder> routes) {
    ListenerOptions options = new ListenerOptions(config, Optional.empty());
    WebServerConfig.Builder builder = WebServer.builder();
    HttpRouting.Builder routing = HttpRouting.builder();
    options.apply(builder);
    options.guard(routing, new CorsConfig(List.of(PAGE), Duration.ofHours(1)), metrics);
    routes.accept(routing);
    server = builder.routing(routing).build().start();
  }

  static ServerConfig config() {
    return config(Duration.ofMinutes(1), Duration.ofMinutes(1), Duration.ofMinutes(5));
  }

  static ServerConfig config(Duration headers, Duration body, Duration idle) {
    return config(headers, body, idle, 100);
  }

  static ServerConfig config(Duration headers, Duration body, Duration idle, int connections) {
    return new ServerConfig(
        "127.0.0.1",
        0,
        URI.create("http://localhost:3000"),
        List.of("gateway.internal", "pinned.internal:8443"),
        Path.of("data"),
        DataSize.ofKibibytes(64),
        DataSize.ofKibibytes(16),
        headers,
        body,
        idle,
        connections,
        Duration.ofSeconds(1));
  }

  /// Routes that admit whoever has the token `good`.
  static RestRoutes<String> routes(HttpRouting.Builder routing) {
    return new RestRoutes<>(routing, new TestGate());
  }

  RawClient connect() throws IOException {
    return new RawClient(port());
  }

  /// Sends one request over a connection of its own.
  RawClient.Answer ask(String method, String path, String... headers) throws IOException {
    try (RawClient client = connect()) {
      return client.ask(method, path, "", headers);
    }
  }

  int port() {
    return server.port();
  }

  @Override
  public void close() {
    server.stop();
    metrics.close();
  }

  static void echo(HttpRouting.Builder routing) {
    routing.post(
        "/echo",
        (request, response) ->
            response
                .header(HeaderNames.CONTENT_TYPE, "text/plain")
                .send(RequestBody.read(request)));
    routing.get("/hello", (_, response) -> response.send("hello"));
  }
}
