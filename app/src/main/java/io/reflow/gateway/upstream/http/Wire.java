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
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// Puts messages into HTTP requests to one target, with its secrets and its session.
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
    return builder
        .setHeader("Content-Type", "application/json")
        .setHeader("Accept", "application/json, text/event-stream");
  }

  private void set(HttpRequest.Builder builder, String name, Secret value) {
    try {
      builder.setHeader(name, value.reveal());
    } catch (IllegalArgumentException _) {
      // The exception's own text holds the value.
      throw new UpstreamFailed(target, "needs a header that can't be sent: '%s'".formatted(name));
    }
  }

  /// Posts a request, whose response `handler` takes; without a session for `initialize`.
  /// Cancelling what it returns breaks the exchange off.
  ///
  /// A virtual thread of its own waits for the end: the client's own way of not waiting hands each
  /// response to a platform thread, which costs more than the rest of the call.
  <T> CompletableFuture<HttpResponse<T>> send(
      byte[] body, @Nullable HttpSession within, BodyHandler<T> handler) {
    HttpRequest request = in(within).POST(BodyPublishers.ofByteArray(body)).build();
    var response = new CompletableFuture<HttpResponse<T>>();
    Thread exchange =
        Thread.ofVirtual()
            .name("http-" + target + "-call")
            .start(() -> send(request, handler, response));
    var _ =
        response.whenComplete((_, _) -> {
          if (response.isCancelled()) {
            exchange.interrupt();
          }
        });
    return response;
  }

  /// A POST of one message; without a session for `initialize`.
  HttpRequest.Builder post(byte[] message, @Nullable HttpSession within) {
    return in(within).POST(BodyPublishers.ofByteArray(message));
  }

  /// Waits until the response has been read to its end.
  <T> void exchange(HttpRequest request, BodyHandler<T> handler)
      throws IOException, InterruptedException {
    HttpResponse<T> _ = client.send(request, handler);
  }

  private <T> void send(
      HttpRequest request, BodyHandler<T> handler, CompletableFuture<HttpResponse<T>> response) {
    try {
      response.complete(client.send(request, handler));
    } catch (IOException | RuntimeException e) {
      response.completeExceptionally(e);
    } catch (InterruptedException e) {
      response.completeExceptionally(e);
      Thread.currentThread().interrupt();
    }
  }

  /// Posts a message that has no answer, and gives the HTTP status; what else the target says to it
  /// is not read.
  int post(byte[] message, HttpSession within, Duration timeout) throws InterruptedException {
    return statusOf(in(within).POST(BodyPublishers.ofByteArray(message)).timeout(timeout).build());
  }

  /// As [#post], by a thread of its own and whatever comes of it.
  void postLater(byte[] message, HttpSession within, Runnable done) {
    Thread.ofVirtual()
        .name("http-" + target + "-notify")
        .start(() -> {
          try {
            int _ = post(message, within, NOTIFYING);
          } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
          } catch (UpstreamFailed _) {
            // Nobody waits for it; the next call will find the same.
          } finally {
            done.run();
          }
        });
  }

  /// Ends the session; some targets don't let us.
  void delete(HttpSession session, Duration timeout) throws InterruptedException {
    int _ = statusOf(in(session).DELETE().timeout(timeout).build());
  }

  private HttpRequest.Builder in(@Nullable HttpSession within) {
    HttpRequest.Builder builder = template.copy();
    if (within != null) {
      builder.setHeader("MCP-Protocol-Version", within.facts().version().wireName());
      within.id().ifPresent(id -> builder.setHeader("Mcp-Session-Id", id));
    }
    return builder;
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
