package io.reflow.gateway.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// An MCP server over Streamable HTTP in this JVM, with sessions. It can do what [FakeTools] can,
/// and a test may script its responses: by tool name, or by method where that is no `tools/call`.
public final class FakeMcpServer implements AutoCloseable {

  private static final String NOT_INITIALIZED =
      "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32000,\"message\":\"Not"
          + " initialized\"},\"id\":null}";

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final FakeTools tools = new FakeTools();
  private final Set<String> sessions = ConcurrentHashMap.newKeySet();
  private final AtomicInteger sessionNumbers = new AtomicInteger();
  private final ConcurrentMap<String, Script> scripts = new ConcurrentHashMap<>();
  private final List<Received> received = new CopyOnWriteArrayList<>();
  private final Map<String, EventSink> streams = new ConcurrentHashMap<>();
  private volatile boolean streaming;
  private volatile @Nullable Talk talk;

  /// Starts on a port of the system's choice.
  public FakeMcpServer() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 256);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(threads);
    server.createContext("/mcp", this::handle);
    server.createContext("/sse", this::handleEvents);
    server.createContext("/messages", this::handleMessages);
    server.start();
  }

  /// Answers one request in the test's own way.
  public interface Script {

    void answer(HttpExchange exchange, String request) throws IOException, InterruptedException;

    /// The whole response at once.
    static Script respond(int status, String contentType, String body) {
      return (exchange, request) -> {
        byte[] bytes = body.replace("$id", FakeTools.id(request)).getBytes(UTF_8);
        exchange.getResponseHeaders().set("Content-Type", contentType);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        try (OutputStream out = exchange.getResponseBody()) {
          out.write(bytes);
        }
      };
    }
  }

  /// One request as it came; header names are lower-case.
  public record Received(String httpMethod, Map<String, String> headers, String body) {

    public Optional<String> header(String name) {
      return Optional.ofNullable(headers.get(name));
    }
  }

  public URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/mcp");
  }

  /// Of the same server over HTTP+SSE.
  public URI sseUrl() {
    return url().resolve("/sse");
  }

  /// Has a stream for what belongs to no call from now on.
  public FakeMcpServer streaming() {
    streaming = true;
    return this;
  }

  /// Over HTTP+SSE, says only what the test says from now on.
  public FakeMcpServer talking(Talk said) {
    talk = said;
    return this;
  }

  /// How many such streams are open, those over HTTP+SSE included.
  public int streams() {
    return streams.size();
  }

  /// Breaks all streams that are open apart from calls.
  public void breakStreams() {
    streams.values().forEach(EventSink::end);
  }

  /// Sends this apart from any call, as it is; a stream whose client is gone ends with it.
  public void sendApart(String text) {
    for (EventSink stream : streams.values()) {
      try {
        stream.raw(text);
      } catch (IOException _) {
        stream.end();
      }
    }
  }

  public Set<String> subscribed() {
    return tools.subscribed();
  }

  /// Says which tools are listed; the others can be called all the same.
  public FakeMcpServer list(String... names) {
    tools.list(List.of(names));
    return this;
  }

  public FakeTools tools() {
    return tools;
  }

  /// Answers a tool, or a method, with this result.
  public FakeMcpServer answer(String toolOrMethod, String result) {
    script(toolOrMethod, Script.respond(200, "application/json", FakeTools.result("$id", result)));
    return this;
  }

  public void script(String toolOrMethod, Script script) {
    scripts.put(toolOrMethod, script);
  }

  public void unscript(String toolOrMethod) {
    scripts.remove(toolOrMethod);
  }

  /// As after a restart: every session is unknown now.
  public void forgetSessions() {
    sessions.clear();
    tools.forget();
  }

  public Set<String> sessions() {
    return Set.copyOf(sessions);
  }

  public List<Received> received() {
    return List.copyOf(received);
  }

  public Set<Long> cancelled() {
    return tools.cancelled();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
      if (FakeTools.method(body).equals("server/discover")
          && !scripts.containsKey("server/discover")) {
        // As servers of this era do; whoever asks what they are does so before all else.
        Script.respond(400, "application/json", NOT_INITIALIZED).answer(exchange, body);
        return;
      }
      received.add(received(exchange, body));
      switch (exchange.getRequestMethod()) {
        case "POST" -> post(exchange, body);
        case "GET" -> get(exchange);
        case "DELETE" -> {
          sessions.remove(String.valueOf(exchange.getRequestHeaders().getFirst("Mcp-Session-Id")));
          exchange.sendResponseHeaders(204, -1);
        }
        default -> exchange.sendResponseHeaders(405, -1);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void get(HttpExchange exchange) throws IOException, InterruptedException {
    Script script = scripts.get("GET");
    String session = String.valueOf(exchange.getRequestHeaders().getFirst("Mcp-Session-Id"));
    if (script != null) {
      script.answer(exchange, "");
    } else if (!streaming) {
      exchange.sendResponseHeaders(405, -1);
    } else if (!sessions.contains(session)) {
      exchange.sendResponseHeaders(404, -1);
    } else {
      hold(session, exchange, "");
    }
  }

  /// Answers with the stream of that session, which begins like this, and keeps it open until it is
  /// ended.
  public void hold(String session, HttpExchange exchange, String first)
      throws IOException, InterruptedException {
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    var stream = new EventSink(exchange);
    stream.begin(() -> {
      // Its client, who may go on as soon as it hears of the stream, finds it there.
      keep(session, stream);
      exchange.sendResponseHeaders(200, 0);
      stream.raw(": hello\n\n" + first);
    });
    awaitEnd(session, stream);
  }

  private void keep(String session, EventSink stream) {
    tools.apart(stream::send);
    streams.put(session, stream);
  }

  private void awaitEnd(String session, EventSink stream) throws InterruptedException {
    try {
      stream.awaitEnd();
    } finally {
      streams.remove(session, stream);
    }
  }

  private void handleEvents(HttpExchange exchange) throws IOException {
    try (exchange) {
      received.add(received(exchange, ""));
      Script script = scripts.get("GET");
      if (script != null) {
        script.answer(exchange, "");
        return;
      }
      if (!exchange.getRequestMethod().equals("GET")) {
        exchange.sendResponseHeaders(405, -1);
        return;
      }
      String session = "sse-" + sessionNumbers.incrementAndGet();
      hold(session, exchange, "event: endpoint\ndata: /messages?sessionId=" + session + "\n\n");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void handleMessages(HttpExchange exchange) throws IOException {
    try (exchange) {
      String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
      received.add(received(exchange, body));
      String session = exchange.getRequestURI().getQuery().replace("sessionId=", "");
      EventSink stream = streams.get(session);
      String method = FakeTools.method(body);
      Script script = scripts.get(method.equals("tools/call") ? FakeTools.toolName(body) : method);
      if (script != null) {
        script.answer(exchange, body);
      } else if (stream == null) {
        exchange.sendResponseHeaders(404, -1);
      } else {
        exchange.sendResponseHeaders(202, -1);
        exchange.close();
        Talk said = talk;
        if (said != null) {
          said.receive(body, stream::send);
        } else if (FakeTools.id(body).isEmpty() || method.isEmpty()) {
          tools.note(body);
        } else {
          tools.work(body, stream::send);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// An event stream that several threads write to.
  private static final class EventSink {
    private final HttpExchange exchange;
    private final ReentrantLock writing = new ReentrantLock();
    private final CountDownLatch ended = new CountDownLatch(1);

    EventSink(HttpExchange exchange) {
      this.exchange = exchange;
    }

    private interface Beginning {
      void run() throws IOException;
    }

    /// Whoever wants to send something meanwhile waits.
    void begin(Beginning beginning) throws IOException {
      writing.lock();
      try {
        beginning.run();
      } catch (IOException e) {
        end();
        throw e;
      } finally {
        writing.unlock();
      }
    }

    void send(String message) throws IOException {
      raw("event: message\ndata: " + message + "\n\n");
    }

    void raw(String text) throws IOException {
      writing.lock();
      try {
        exchange.getResponseBody().write(text.getBytes(UTF_8));
        exchange.getResponseBody().flush();
      } catch (IOException e) {
        ended.countDown();
        throw e;
      } finally {
        writing.unlock();
      }
    }

    void end() {
      ended.countDown();
    }

    void awaitEnd() throws InterruptedException {
      ended.await();
    }
  }

  private static Received received(HttpExchange exchange, String body) {
    Map<String, String> headers = new ConcurrentHashMap<>();
    exchange
        .getRequestHeaders()
        .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values.getFirst()));
    return new Received(exchange.getRequestMethod(), Map.copyOf(headers), body);
  }

  private void post(HttpExchange exchange, String body) throws IOException, InterruptedException {
    String method = FakeTools.method(body);
    Script script = scripts.get(method.equals("tools/call") ? FakeTools.toolName(body) : method);
    if (script != null) {
      script.answer(exchange, body);
    } else if (method.equals("initialize")) {
      String session = "session-" + sessionNumbers.incrementAndGet();
      sessions.add(session);
      exchange.getResponseHeaders().set("Mcp-Session-Id", session);
      work(exchange, body);
    } else if (!sessions.contains(
        String.valueOf(exchange.getRequestHeaders().getFirst("Mcp-Session-Id")))) {
      exchange.sendResponseHeaders(404, -1);
    } else if (FakeTools.id(body).isEmpty() || method.isEmpty()) {
      tools.note(body);
      exchange.sendResponseHeaders(202, -1);
    } else {
      work(exchange, body);
    }
  }

  /// The first message decides: if it is the answer it goes as JSON, else it begins a stream.
  private void work(HttpExchange exchange, String request)
      throws IOException, InterruptedException {
    Answering answering = new Answering(exchange, FakeTools.id(request));
    tools.work(request, answering::send);
    answering.end();
  }

  private static final class Answering {
    private final HttpExchange exchange;
    private final String id;
    private boolean started;
    private boolean answered;

    Answering(HttpExchange exchange, String id) {
      this.exchange = exchange;
      this.id = id;
    }

    void send(String message) throws IOException {
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
      if (!started) {
        started = true;
        exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
        exchange.sendResponseHeaders(200, 0);
      }
      exchange
          .getResponseBody()
          .write((": hello\nevent: message\ndata: " + message + "\n\n").getBytes(UTF_8));
      exchange.getResponseBody().flush();
    }

    void end() throws InterruptedException {
      if (!answered) {
        Thread.sleep(60_000);
      }
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
