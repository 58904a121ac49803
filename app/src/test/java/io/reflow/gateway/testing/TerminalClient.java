package io.reflow.gateway.testing;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/// A client of the terminal's WebSocket that keeps all it hears.
public final class TerminalClient implements AutoCloseable {

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final List<JsonNode> messages = new CopyOnWriteArrayList<>();
  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
  private final CompletableFuture<Integer> closed = new CompletableFuture<>();
  private final AtomicBoolean broken = new AtomicBoolean();
  private final WebSocket socket;

  private TerminalClient(URI uri, Map<String, String> headers) throws InterruptedException {
    WebSocket.Builder builder = http.newWebSocketBuilder();
    headers.forEach(builder::header);
    this.socket = await(builder.buildAsync(uri, new Hearing()));
  }

  private static <T> T await(CompletableFuture<T> future) throws InterruptedException {
    try {
      return future.get(60, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    } catch (TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  /// Opens the socket, but no terminal yet.
  public static TerminalClient connect(
      TestGateway gateway, String target, Map<String, String> headers) throws InterruptedException {
    return at(gateway, "/api/targets/" + target + "/terminal", headers);
  }

  /// Opens the socket of another route.
  public static TerminalClient at(TestGateway gateway, String path, Map<String, String> headers)
      throws InterruptedException {
    return new TerminalClient(URI.create("ws://127.0.0.1:" + gateway.port() + path), headers);
  }

  private final class Hearing implements WebSocket.Listener {

    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
      text.append(data);
      if (last) {
        messages.add(TestGateway.parse(text.toString()));
        text.setLength(0);
      }
      webSocket.request(1);
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket webSocket, ByteBuffer data, boolean last) {
      byte[] bytes = new byte[data.remaining()];
      data.get(bytes);
      synchronized (shown) {
        shown.writeBytes(bytes);
      }
      webSocket.request(1);
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<?> onClose(WebSocket webSocket, int statusCode, String reason) {
      closed.complete(statusCode);
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void onError(WebSocket webSocket, Throwable error) {
      broken.set(true);
      closed.complete(-1);
    }
  }

  /// Sends the first message, which opens the terminal.
  public TerminalClient open(String token, String password) throws InterruptedException {
    return send(TestGateway.json(Map.of("token", token, "password", password)));
  }

  public TerminalClient send(String text) throws InterruptedException {
    var _ = await(socket.sendText(text, true));
    return this;
  }

  public TerminalClient type(String text) throws InterruptedException {
    return type(text.getBytes(StandardCharsets.UTF_8));
  }

  public TerminalClient type(byte[] bytes) throws InterruptedException {
    var _ = await(socket.sendBinary(ByteBuffer.wrap(bytes), true));
    return this;
  }

  /// A message in two frames.
  public TerminalClient typeInParts(String first, String second) throws InterruptedException {
    var _ =
        await(socket.sendBinary(ByteBuffer.wrap(first.getBytes(StandardCharsets.UTF_8)), false));
    return type(second);
  }

  /// Waits until the terminal is open.
  public TerminalClient awaitOpen() throws InterruptedException {
    UpstreamFixtures.await(() -> !messages.isEmpty());
    if (!messages.getFirst().get("type").asText().equals("opened")) {
      throw new AssertionError("not opened: " + messages);
    }
    return this;
  }

  /// Waits until the terminal has shown something.
  public String awaitShown(String text) throws InterruptedException {
    UpstreamFixtures.await(() -> shown().contains(text));
    return shown();
  }

  public String shown() {
    synchronized (shown) {
      return shown.toString(StandardCharsets.UTF_8);
    }
  }

  /// Waits for the end and gives the code of the server's close frame; -1 where there was none.
  public int awaitClosed() throws InterruptedException {
    return await(closed);
  }

  public List<JsonNode> messages() {
    return new ArrayList<>(messages);
  }

  /// The last message, once all is over.
  public JsonNode last() throws InterruptedException {
    int _ = awaitClosed();
    return messages.getLast();
  }

  /// Leaves without a word.
  public void abort() {
    socket.abort();
  }

  @Override
  public void close() {
    socket.abort();
    http.shutdownNow();
  }
}
