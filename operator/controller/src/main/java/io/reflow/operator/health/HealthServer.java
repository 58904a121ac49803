package io.reflow.operator.health;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// `/health/live`, `/health/ready` and `/metrics` for the cluster.
///
/// Bounded: a few threads, and the JDK's own limits on connections and on slow requests.
public final class HealthServer implements AutoCloseable {

  private static final int BACKLOG = 16;
  private static final int THREADS = 4;

  private final HttpServer server;
  private final ExecutorService threads;

  private HealthServer(HttpServer server, ExecutorService threads) {
    this.server = server;
    this.threads = threads;
  }

  /// The limits of the JDK's server are properties of the process; to be set before the first one.
  public static void limit() {
    System.setProperty("jdk.httpserver.maxConnections", "64");
    System.setProperty("sun.net.httpserver.maxReqTime", "10");
    System.setProperty("sun.net.httpserver.maxRspTime", "10");
    System.setProperty("sun.net.httpserver.idleInterval", "30");
  }

  /// Answers from now on.
  ///
  /// @param port 0 takes a free one
  public static HealthServer start(
      int port, BooleanSupplier live, BooleanSupplier ready, Supplier<String> metrics)
      throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(port), BACKLOG);
    ExecutorService threads =
        Executors.newFixedThreadPool(THREADS, Thread.ofVirtual().name("health-", 0).factory());
    server.setExecutor(threads);
    server.createContext("/health/live", exchange -> answer(exchange, "/health/live", live));
    server.createContext("/health/ready", exchange -> answer(exchange, "/health/ready", ready));
    server.createContext(
        "/metrics", exchange -> send(exchange, "/metrics", 200, "text/plain", metrics.get()));
    server.start();
    return new HealthServer(server, threads);
  }

  public int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private static void answer(HttpExchange exchange, String path, BooleanSupplier well)
      throws IOException {
    boolean is = well.getAsBoolean();
    String body = "{\"status\":\"%s\"}".formatted(is ? "ok" : "unavailable");
    send(exchange, path, is ? 200 : 503, "application/json", body);
  }

  private static void send(HttpExchange exchange, String path, int status, String type, String body)
      throws IOException {
    try (exchange) {
      if (!exchange.getRequestURI().getPath().equals(path)) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      if (!exchange.getRequestMethod().equals("GET")) {
        exchange.getResponseHeaders().set("Allow", "GET");
        exchange.sendResponseHeaders(405, -1);
        return;
      }
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", type + "; charset=utf-8");
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }
}
