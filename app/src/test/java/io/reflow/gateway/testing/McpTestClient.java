package io.reflow.gateway.testing;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.StreamSupport;

/// A bare MCP client: sees what is on the wire, where a real client would smooth it over.
public final class McpTestClient {

  private final HttpClient http;
  private final URI uri;
  private final String token;
  private final AtomicInteger ids = new AtomicInteger();
  private Optional<String> session = Optional.empty();

  McpTestClient(HttpClient http, URI uri, String token) {
    this.http = http;
    this.uri = uri;
    this.token = token;
  }

  /// Opens a session at the newest revision that has sessions.
  public McpTestClient initialize() {
    return initialize("2025-11-25");
  }

  public McpTestClient initialize(String version) {
    return initialize(version, Map.of());
  }

  /// Opens a session of a client that can do this.
  public McpTestClient initialize(String version, Map<String, ?> capabilities) {
    Reply reply =
        request(
            "initialize",
            Map.of(
                "protocolVersion",
                version,
                "capabilities",
                capabilities,
                "clientInfo",
                Map.of("name", "test", "version", "1")));
    if (reply.status() != 200 || reply.answer().has("error")) {
      throw new AssertionError("initialize failed: " + reply);
    }
    session = reply.header("mcp-session-id");
    post("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
    return this;
  }

  public Optional<String> session() {
    return session;
  }

  /// Goes on with another session, or one that does not exist.
  public McpTestClient session(String id) {
    session = Optional.of(id);
    return this;
  }

  /// Goes on without a session.
  public McpTestClient noSession() {
    session = Optional.empty();
    return this;
  }

  /// What came back: the status, and the messages in their order; the last one is the answer. The
  /// body is as it came.
  public record Reply(
      int status, Map<String, List<String>> headers, String body, List<JsonNode> messages) {

    public JsonNode answer() {
      return messages.getLast();
    }

    public JsonNode result() {
      if (!answer().has("result")) {
        throw new AssertionError("no result: " + answer());
      }
      return answer().get("result");
    }

    public JsonNode error() {
      if (!answer().has("error")) {
        throw new AssertionError("no error: " + answer());
      }
      return answer().get("error");
    }

    /// The messages as they came.
    public List<String> texts() {
      return McpTestClient.texts(body, isStream(headers));
    }

    public Optional<String> header(String name) {
      return headers.getOrDefault(name, List.of()).stream().findFirst();
    }
  }

  public Reply request(String method, Map<String, ?> params) {
    return request(ids.incrementAndGet(), method, params);
  }

  /// Asks under an id of the test's choice: a number or a text.
  public Reply request(Object id, String method, Map<String, ?> params) {
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("jsonrpc", "2.0");
    message.put("id", id);
    message.put("method", method);
    message.put("params", params);
    return post(TestGateway.json(message));
  }

  public Reply callTool(String name, Map<String, ?> arguments) {
    return request("tools/call", Map.of("name", name, "arguments", arguments));
  }

  /// The names of a whole list, page by page.
  public List<String> names(String method, String member, String key) {
    List<String> names = new ArrayList<>();
    Map<String, Object> params = new HashMap<>();
    while (true) {
      JsonNode result = request(method, params).result();
      StreamSupport.stream(result.get(member).spliterator(), false)
          .forEach(item -> names.add(item.get(key).asText()));
      if (!result.has("nextCursor")) {
        return names;
      }
      params.put("cursor", result.get("nextCursor").asText());
    }
  }

  public List<String> toolNames() {
    return names("tools/list", "tools", "name");
  }

  /// Posts any text, with headers that come on top of the usual ones or in their place.
  public Reply post(String body, String... headers) {
    return send("POST", BodyPublishers.ofString(body), headers);
  }

  public Reply post(byte[] body) {
    return send("POST", BodyPublishers.ofByteArray(body));
  }

  /// Ends the session.
  public Reply delete() {
    return send("DELETE", BodyPublishers.noBody());
  }

  /// Does anything, as a client of this session.
  ///
  /// @param headers names and values in turn; they take the place of the usual ones
  public Reply send(String method, BodyPublisher body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .timeout(Duration.ofSeconds(90))
            .header("Content-Type", "application/json")
            .header("Accept", "application/json, text/event-stream")
            .method(method, body);
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    session.ifPresent(id -> request.header("Mcp-Session-Id", id));
    for (int i = 0; i < headers.length; i += 2) {
      request.setHeader(headers[i], headers[i + 1]);
    }
    return send(request.build());
  }

  private Reply send(HttpRequest request) {
    try {
      HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
      List<String> texts = texts(response.body(), isStream(response.headers().map()));
      return new Reply(
          response.statusCode(),
          response.headers().map(),
          response.body(),
          texts.stream().map(TestGateway::parse).toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static boolean isStream(Map<String, List<String>> headers) {
    return headers.getOrDefault("content-type", List.of()).stream()
        .anyMatch(type -> type.startsWith("text/event-stream"));
  }

  private static List<String> texts(String body, boolean stream) {
    if (body.isEmpty()) {
      return List.of();
    }
    return stream
        ? body.lines()
            .filter(line -> line.startsWith("data:"))
            .map(line -> line.substring(5).strip())
            .filter(data -> !data.isEmpty())
            .toList()
        : List.of(body);
  }
}
