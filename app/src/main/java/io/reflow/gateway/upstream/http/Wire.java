package io.reflow.gateway.upstream.http;

import io.reflow.gateway.config.Secret;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Puts messages into HTTP requests to one target, with its secrets and its session. The calling
/// thread waits for each response; interrupting it breaks the exchange off.
final class Wire {

  private static final Duration NOTIFYING = Duration.ofSeconds(5);

  private final String target;
  private final HttpClient client;
  private final HttpRequest.Builder template;

  Wire(String target, HttpClient client, URI url, Map<String, Secret> headers) {
    this.target = target;
    this.client = client;
    this.template = template(url, headers);
  }

  private HttpRequest.Builder template(URI url, Map<String, Secret> headers) {
    HttpRequest.Builder builder;
    try {
      builder = HttpRequest.newBuilder(url);
    } catch (IllegalArgumentException e) {
      throw new UpstreamFailed(target, "has a URL that can't be asked", e);
    }
    headers.forEach((name, value) -> set(builder, name, value));
    return builder;
  }

  private void set(HttpRequest.Builder builder, String name, Secret value) {
    try {
      builder.setHeader(name, value.reveal());
    } catch (IllegalArgumentException _) {
      // The exception's own text holds the value.
      throw new UpstreamFailed(target, "needs a header that can't be sent: '%s'".formatted(name));
    }
  }

  /// A POST of one message; without a session for `initialize`.
  HttpRequest.Builder post(byte[] message, @Nullable HttpSession within) {
    return in(within)
        .setHeader("Content-Type", "application/json")
        .setHeader("Accept", "application/json, text/event-stream")
        .POST(BodyPublishers.ofByteArray(message));
  }

  /// A GET of an event stream, from its beginning or from behind an event.
  HttpRequest stream(@Nullable HttpSession within, Optional<String> lastId) {
    HttpRequest.Builder builder = in(within).setHeader("Accept", "text/event-stream");
    lastId.ifPresent(id -> builder.setHeader("Last-Event-ID", id));
    return builder.GET().build();
  }

  private HttpRequest.Builder in(@Nullable HttpSession within) {
    HttpRequest.Builder builder = template.copy();
    if (within != null) {
      builder.setHeader("MCP-Protocol-Version", within.facts().version().wireName());
      within.id().ifPresent(id -> builder.setHeader("Mcp-Session-Id", id));
    }
    return builder;
  }

  /// Waits until the response has been read to its end.
  <T> void exchange(HttpRequest request, BodyHandler<T> handler)
      throws IOException, InterruptedException {
    HttpResponse<T> _ = client.send(request, handler);
  }

  /// Posts a message that has no answer, and gives the HTTP status; what else the target says to it
  /// is not read.
  int post(byte[] message, HttpSession within, Duration timeout) throws InterruptedException {
    return statusOf(post(message, within).timeout(timeout).build());
  }

  /// The same, whatever comes of it; an answer that the target waits for deserves a second try.
  void postAnyway(byte[] message, HttpSession within) throws InterruptedException {
    for (int attempt = 0; attempt < 2; attempt++) {
      try {
        int _ = post(message, within, NOTIFYING);
        return;
      } catch (UpstreamFailed _) {
        // Nobody waits for it; the next call will find the same.
      }
    }
  }

  /// The same, by a thread of its own.
  void postLater(byte[] message, HttpSession within) {
    Thread.ofVirtual()
        .name("http-" + target + "-notify")
        .start(() -> {
          try {
            postAnyway(message, within);
          } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
          }
        });
  }

  /// Ends the session; some targets don't let us.
  void delete(HttpSession session, Duration timeout) throws InterruptedException {
    int _ = statusOf(in(session).DELETE().timeout(timeout).build());
  }

  private int statusOf(HttpRequest request) throws InterruptedException {
    try {
      HttpResponse<InputStream> response = client.send(request, BodyHandlers.ofInputStream());
      try (InputStream _ = response.body()) {
        return response.statusCode();
      }
    } catch (IOException e) {
      throw new UpstreamFailed(target, Attempt.inWords(e), e);
    }
  }
}
