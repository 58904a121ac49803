package io.reflow.gateway.testing;

import io.reflow.gateway.testing.EventClient.Event;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A bare client of the oldest transport: one stream, and messages that are posted elsewhere.
public final class SseClient implements AutoCloseable {

  private final TestGateway gateway;
  private final String token;
  private final EventClient stream;
  private final String messages;

  private SseClient(TestGateway gateway, String token, EventClient stream, String messages) {
    this.gateway = gateway;
    this.token = token;
    this.stream = stream;
    this.messages = messages;
  }

  /// Connects; the session begins with [#initialize].
  ///
  /// @param path such as `/sse`
  public static SseClient connect(TestGateway gateway, String token, String path)
      throws InterruptedException {
    EventClient stream = EventClient.get(gateway.uri(path), token);
    boolean connected = false;
    try {
      Event first = stream.next();
      if (!first.name().equals("endpoint")) {
        throw new AssertionError("no endpoint: HTTP " + stream.status() + ", " + first);
      }
      connected = true;
      return new SseClient(gateway, token, stream, first.data());
    } finally {
      if (!connected) {
        stream.close();
      }
    }
  }

  /// Opens the session of a client that can do this.
  public SseClient initialize(String version, Map<String, ?> capabilities)
      throws InterruptedException {
    Map<String, ?> params =
        Map.of(
            "protocolVersion",
            version,
            "capabilities",
            capabilities,
            "clientInfo",
            Map.of("name", "test", "version", "1"));
    post(
        "{\"jsonrpc\":\"2.0\",\"id\":\"begin\",\"method\":\"initialize\",\"params\":%s}"
            .formatted(TestGateway.json(params)));
    var answer = stream.answer();
    if (!answer.has("result")) {
      throw new AssertionError("initialize failed: " + answer);
    }
    post("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
    return this;
  }

  /// What arrives.
  public EventClient stream() {
    return stream;
  }

  public void post(String message) {
    gateway.post(messages, Optional.of(token), message).require(202);
  }

  /// Asks, and waits for the answer.
  ///
  /// @return what came until then, as it came, the answer last; that some list has changed is not
  ///   among it
  public List<String> ask(String request) throws InterruptedException {
    post(request);
    List<String> came = new ArrayList<>();
    while (true) {
      Event event =
          stream.next(any -> !any.data().isEmpty() && !any.method().endsWith("/list_changed"));
      came.add(event.data());
      if (event.json().has("id") && !event.json().has("method")) {
        return came;
      }
    }
  }

  @Override
  public void close() {
    stream.close();
  }
}
