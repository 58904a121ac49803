package io.reflow.gateway.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/// A load balancer as simple as they come: each request goes to the next gateway that takes
/// connections, whatever session it belongs to.
public final class RoundRobin implements AutoCloseable {

  private static final Set<String> NOT_PASSED_ON =
      Set.of("connection", "content-length", "host", "transfer-encoding", "date", "upgrade");

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<URI> gateways;
  private final AtomicInteger turn = new AtomicInteger();
  private final HttpServer server;

  public RoundRobin(URI... gateways) {
    this.gateways = new CopyOnWriteArrayList<>(gateways);
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  public McpTestClient client(String token) {
    return new McpTestClient(
        http,
        URI.create("http://127.0.0.1:%d/mcp".formatted(server.getAddress().getPort())),
        token);
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      HttpResponse<InputStream> answer = ask(exchange, body);
      answer
          .headers()
          .map()
          .forEach((name, values) -> {
            if (!NOT_PASSED_ON.contains(name)) {
              exchange.getResponseHeaders().put(name, values);
            }
          });
      try (InputStream in = answer.body()) {
        pass(in, exchange, answer.statusCode());
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private static void pass(InputStream in, HttpExchange exchange, int status) throws IOException {
    if (status == 202 || status == 204) {
      exchange.sendResponseHeaders(status, -1);
      return;
    }
    exchange.sendResponseHeaders(status, 0);
    try (OutputStream out = exchange.getResponseBody()) {
      byte[] buffer = new byte[8192];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        out.write(buffer, 0, read);
        out.flush();
      }
    }
  }

  private HttpResponse<InputStream> ask(HttpExchange exchange, byte[] body)
      throws IOException, InterruptedException {
    IOException failure = new ConnectException("no gateway");
    for (int i = 0; i < gateways.size(); i++) {
      URI gateway = gateways.get(Math.floorMod(turn.getAndIncrement(), gateways.size()));
      try {
        return http.send(request(gateway, exchange, body), BodyHandlers.ofInputStream());
      } catch (ConnectException e) {
        failure = e;
      }
    }
    throw failure;
  }

  private static HttpRequest request(URI gateway, HttpExchange exchange, byte[] body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(gateway.resolve(exchange.getRequestURI()))
            .method(
                exchange.getRequestMethod(),
                body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
    exchange
        .getRequestHeaders()
        .forEach((name, values) -> {
          if (!NOT_PASSED_ON.contains(name.toLowerCase(Locale.ROOT))) {
            values.forEach(value -> request.header(name, value));
          }
        });
    return request.build();
  }

  @Override
  public void close() {
    server.stop(0);
    http.shutdownNow();
    threads.shutdownNow();
  }
}
