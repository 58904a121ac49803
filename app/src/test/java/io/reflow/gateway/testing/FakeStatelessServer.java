package io.reflow.gateway.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.reflow.gateway.testing.FakeMcpServer.Received;
import io.reflow.gateway.testing.FakeMcpServer.Script;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/// An MCP server of the stateless era in this JVM. It can do what [FakeStatelessTools] can, and a
/// test may script its responses: by tool name, or by method where that is no `tools/call`.
public final class FakeStatelessServer implements AutoCloseable {

  private final CountDownLatch over = new CountDownLatch(1);
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final FakeStatelessTools tools = new FakeStatelessTools();
  private final ConcurrentMap<String, Script> scripts = new ConcurrentHashMap<>();
  private final List<Received> received = new CopyOnWriteArrayList<>();
  private final ConcurrentMap<String, CountDownLatch> open = new ConcurrentHashMap<>();
  private final List<String> abandoned = new CopyOnWriteArrayList<>();

  /// Starts on a port of the system's choice.
  private volatile String silentOn = "";

  public FakeStatelessServer() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 256);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(threads);
    server.createContext("/mcp", this::handle);
    server.start();
  }

  public URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/mcp");
  }

  public void script(String toolOrMethod, Script script) {
    scripts.put(toolOrMethod, script);
  }

  public void answer(String toolOrMethod, String result) {
    script(toolOrMethod, Script.respond(200, "application/json", FakeTools.result("$id", result)));
  }

  public void unscript(String toolOrMethod) {
    scripts.remove(toolOrMethod);
  }

  public List<Received> received() {
    return List.copyOf(received);
  }

  /// The requests of one method.
  public List<Received> received(String method) {
    return received.stream().filter(one -> FakeTools.method(one.body()).equals(method)).toList();
  }

  public FakeStatelessTools tools() {
    return tools;
  }

  /// The requests whose response the client has closed before its end.
  public List<String> abandoned() {
    return List.copyOf(abandoned);
  }

  /// Requests with this in them get no answer for as long as the server lives.
  public void silentOn(String text) {
    silentOn = text;
  }

  /// Ends all streams of who listens.
  public void hangUp() {
    open.values().forEach(CountDownLatch::countDown);
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
      Map<String, String> headers = new HashMap<>();
      exchange
          .getRequestHeaders()
          .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values.getFirst()));
      received.add(new Received(exchange.getRequestMethod(), Map.copyOf(headers), body));
      if (exchange.getRequestMethod().equals("POST")) {
        post(exchange, body);
      } else {
        exchange.sendResponseHeaders(405, -1);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void post(HttpExchange exchange, String body) throws IOException, InterruptedException {
    if (!silentOn.isEmpty() && body.contains(silentOn)) {
      over.await();
      return;
    }
    String method = FakeTools.method(body);
    Script script = scripts.get(method.equals("tools/call") ? FakeTools.toolName(body) : method);
    if (script != null) {
      script.answer(exchange, body);
      return;
    }
    if (method.equals("initialize")) {
      Script.respond(
              404,
              "application/json",
              "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":-32601,\"message\":\"no\"}}")
          .answer(exchange, body);
      return;
    }
    work(exchange, body);
  }

  private void work(HttpExchange exchange, String request)
      throws IOException, InterruptedException {
    String id = FakeTools.id(request);
    Answering answering = new Answering(exchange, id);
    CountDownLatch end = new CountDownLatch(1);
    open.put(id, end);
    try {
      tools.work(request, answering::send);
      if (!answering.answered) {
        answering.stayOpen(end);
      }
    } finally {
      open.remove(id);
      tools.over(id);
    }
  }

  private final class Answering {
    private final HttpExchange exchange;
    private final String id;
    private boolean started;
    private boolean answered;

    Answering(HttpExchange exchange, String id) {
      this.exchange = exchange;
      this.id = id;
    }

    synchronized void send(String message) throws IOException {
      boolean answer = FakeTools.id(message).equals(id) && FakeTools.method(message).isEmpty();
      answered |= answer;
      if (!started && answer) {
        started = true;
        byte[] bytes = message.getBytes(UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes);
        return;
      }
      start();
      exchange
          .getResponseBody()
          .write(("event: message\ndata: " + message + "\n\n").getBytes(UTF_8));
      exchange.getResponseBody().flush();
    }

    private void start() throws IOException {
      if (!started) {
        started = true;
        exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
        exchange.sendResponseHeaders(200, 0);
      }
    }

    /// Until the client is gone, or the test ends it.
    void stayOpen(CountDownLatch end) throws IOException, InterruptedException {
      try {
        start();
        while (!end.await(20, TimeUnit.MILLISECONDS)) {
          synchronized (this) {
            exchange.getResponseBody().write(":\n\n".getBytes(UTF_8));
            exchange.getResponseBody().flush();
          }
        }
      } catch (IOException _) {
        abandoned.add(id);
        tools.note(
            "{\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":" + id + "}}");
      }
    }
  }

  @Override
  public void close() {
    over.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
