package io.reflow.gateway.upstream.http;

import io.reflow.gateway.config.Secret;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.http.WholeBody;
import io.reflow.gateway.telemetry.Propagation;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// Puts messages into HTTP requests to one target, with its secrets and its session. The calling
/// thread waits for each response; interrupting it breaks the exchange off.
public final class Wire {

  private static final String VERSION = "MCP-Protocol-Version";
  static final String EVENT_STREAM = "text/event-stream";
  private static final Duration NOTIFYING = Duration.ofSeconds(5);

  private final String target;
  private final HttpClient client;
  private final URI address;
  private final Map<String, Secret> headers;
  private final HttpRequest.Builder template;
  private volatile Posting posting;

  public Wire(String target, HttpClient client, URI address, Map<String, Secret> headers) {
    this.target = target;
    this.client = client;
    this.address = address;
    this.headers = headers;
    this.template = template();
    this.posting = new Posting(null, forPosts(template.copy()));
  }

  /// What the posts in one session have in common; made once, since it is most of each request.
  private record Posting(@Nullable HttpSession within, HttpRequest.Builder template) {}

  private HttpRequest.Builder template() {
    HttpRequest.Builder builder;
    try {
      builder = HttpRequest.newBuilder(address);
    } catch (IllegalArgumentException e) {
      throw new UpstreamFailed(target, "has a URL that can't be asked", e);
    }
    headers.forEach((name, value) -> set(builder, name, value));
    return builder;
  }

  public URI address() {
    return address;
  }

  /// The same, to another address of the target.
  public Wire at(URI other) {
    return new Wire(target, client, other, headers);
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
    Posting known = posting;
    if (!Objects.equals(known.within(), within)) {
      known = new Posting(within, forPosts(in(within)));
      posting = known;
    }
    return known.template().copy().POST(new WholeBody(message));
  }

  private static HttpRequest.Builder forPosts(HttpRequest.Builder builder) {
    return builder
        .setHeader("Content-Type", "application/json")
        .setHeader("Accept", "application/json, text/event-stream");
  }

  /// A GET of an event stream, from its beginning or from behind an event.
  HttpRequest stream(@Nullable HttpSession within, Optional<String> lastId) {
    HttpRequest.Builder builder = in(within).setHeader("Accept", EVENT_STREAM);
    lastId.ifPresent(id -> builder.setHeader("Last-Event-ID", id));
    return builder.GET().build();
  }

  /// A GET of an event stream that belongs to no session yet.
  public HttpRequest stream() {
    return stream(null, Optional.empty());
  }

  private HttpRequest.Builder in(@Nullable HttpSession within) {
    HttpRequest.Builder builder = template.copy();
    if (within != null) {
      builder.setHeader(VERSION, within.facts().version().wireName());
      within.id().ifPresent(id -> builder.setHeader("Mcp-Session-Id", id));
    }
    return builder;
  }

  /// Waits until the handler has what it wants of the response.
  public <T> HttpResponse<T> exchange(HttpRequest request, BodyHandler<T> handler)
      throws IOException, InterruptedException {
    HttpResponse<T> response = client.send(request, handler);
    if (request.bodyPublisher().orElse(null) instanceof WholeBody sent) {
      sent.release();
    }
    return response;
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
      return send(request);
    } catch (IOException e) {
      throw new UpstreamFailed(target, inWords(e), e);
    }
  }

  private int send(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<InputStream> response = client.send(request, BodyHandlers.ofInputStream());
    try (InputStream _ = response.body()) {
      return response.statusCode();
    }
  }

  /// Posts a message whose answer comes in another way, and gives the HTTP status.
  ///
  /// @param version that was agreed on
  /// @param trace that the message belongs to
  public int status(byte[] message, Optional<String> version, Propagation trace, Duration timeout)
      throws IOException, InterruptedException {
    HttpRequest.Builder builder = forPosts(template.copy());
    trace.each(builder::setHeader);
    version.ifPresent(known -> builder.setHeader(VERSION, known));
    return send(builder.POST(new WholeBody(message)).timeout(timeout).build());
  }

  public static boolean isEventStream(HttpHeaders headers) {
    return mediaType(headers).equals(EVENT_STREAM);
  }

  static String mediaType(HttpHeaders headers) {
    String type = headers.firstValue("Content-Type").orElse("");
    int end = type.indexOf(';');
    return (end < 0 ? type : type.substring(0, end)).strip().toLowerCase(Locale.ROOT);
  }

  /// What a failed exchange says of the target.
  public static String inWords(Throwable failure) {
    return switch (failure) {
      case CompletionException wrapped when wrapped.getCause() != null ->
          inWords(wrapped.getCause());
      case Reachable.Refused refused -> String.valueOf(refused.getMessage());
      case HttpConnectTimeoutException _ -> "does not accept connections in time";
      case HttpTimeoutException _ -> "did not answer in time";
      case ConnectException refused when refused.getCause() instanceof ConnectException cause ->
          inWords(cause);
      case ConnectException unknown when isUnresolved(unknown) ->
          "has an address that can't be resolved";
      case ConnectException _ -> "can't be reached";
      case SSLException _ -> "can't be reached safely: TLS failed";
      case IOException _ -> "broke the connection";
      default -> "could not be asked";
    };
  }

  private static boolean isUnresolved(Throwable failure) {
    return failure.getCause() instanceof UnresolvedAddressException;
  }
}
