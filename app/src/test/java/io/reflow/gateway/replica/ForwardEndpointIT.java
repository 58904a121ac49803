package io.reflow.gateway.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.reflow.gateway.config.DataSize;
import io.reflow.gateway.config.ServerConfig;
import io.reflow.gateway.http.ListenerOptions;
import io.reflow.gateway.http.RequestBody;
import io.reflow.gateway.telemetry.Metrics;
import io.reflow.gateway.testing.RawClient;
import io.reflow.gateway.testing.TestDatabase;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ForwardEndpointIT {

  private final Metrics metrics = new Metrics("test", InstantSource.system());
  private final CompletableFuture<Passed> became = new CompletableFuture<>();
  private TestDatabase database;
  private ServerSocket other;
  private Forwarder forwarder;
  private ForwardEndpoint endpoint;
  private WebServer server;

  @BeforeEach
  void start() throws IOException {
    database = TestDatabase.fresh();
    other = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    other.setSoTimeout(20_000);
    var seal = new Seal(List.of(new byte[32]), Instant::now);
    var store = new ReplicaStore(database.database());
    var replicas = new Replicas(UUID.randomUUID(), store, Duration.ofHours(1));
    forwarder = new Forwarder(seal, replicas);
    endpoint = new ForwardEndpoint(forwarder, seal, replicas, metrics);
    WebServerConfig.Builder builder = WebServer.builder();
    new ListenerOptions(config(), Optional.empty()).apply(builder);
    server = builder.routing(HttpRouting.builder().post("/mcp", this::pass)).build().start();
  }

  @AfterEach
  void stop() throws IOException {
    forwarder.close();
    metrics.close();
    server.stop();
    other.close();
    database.close();
  }

  private static ServerConfig config() {
    return new ServerConfig(
        "127.0.0.1",
        0,
        URI.create("http://localhost:3000"),
        List.of(),
        Path.of("data"),
        DataSize.ofKibibytes(64),
        DataSize.ofKibibytes(16),
        Duration.ofSeconds(20),
        Duration.ofSeconds(20),
        Duration.ofSeconds(20),
        100,
        Duration.ofSeconds(1));
  }

  /// The other replica shakes no hands, so that the request never leaves.
  private void pass(ServerRequest request, ServerResponse response) throws InterruptedException {
    URI address = URI.create("https://127.0.0.1:" + other.getLocalPort());
    var to = new Replica(UUID.randomUUID(), 1, Optional.of(address));
    byte[] body = RequestBody.read(request);
    Passed passed = endpoint.pass(to, request, body, response);
    while (passed instanceof Passed.Elsewhere) {
      passed = endpoint.pass(to, request, body, response);
    }
    became.complete(passed);
  }

  @Test
  void aClientThatLeavesBeforeTheOtherIsReachedHasNoAnswer()
      throws IOException, InterruptedException {
    try (RawClient client = new RawClient(server.port())) {
      client.send("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}");
      try (Socket _ = other.accept()) {
        client.abort();

        UpstreamFixtures.await(became::isDone);
        assertThat(became.join()).isEqualTo(new Passed.Left());
      }
    }
  }
}
