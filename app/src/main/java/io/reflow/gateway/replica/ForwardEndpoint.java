package io.reflow.gateway.replica;

import io.helidon.common.uri.UriPath;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.HttpException;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.http.PeerWatch;
import io.reflow.gateway.http.RequestBody;
import io.reflow.gateway.http.RequestTrace;
import io.reflow.gateway.replica.Passed.Answered;
import io.reflow.gateway.replica.Passed.Elsewhere;
import io.reflow.gateway.replica.Passed.Left;
import io.reflow.gateway.replica.Passed.Lost;
import io.reflow.gateway.telemetry.Metrics;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;

/// HTTP from replica to replica: a client's request is passed on as it is, whatever it asks for,
/// and the answer comes back as it arrives.
public final class ForwardEndpoint {

  private static final Status MISDIRECTED_421 = Status.create(421, "Misdirected Request");
  private static final HeaderName SEAL = HeaderNames.create(Seal.HEADER);
  private static final HeaderName TRACEPARENT = HeaderNames.create("traceparent");
  private static final String PARAMETER = "mcp-param-";
  private static final Pattern LEADING_SLASHES = Pattern.compile("^/+");
  private static final List<HeaderName> ASKED =
      List.of(
          HeaderNames.AUTHORIZATION,
          HeaderNames.CONTENT_TYPE,
          HeaderNames.ACCEPT,
          HeaderNames.create("Mcp-Session-Id"),
          HeaderNames.create("MCP-Protocol-Version"),
          HeaderNames.create("Mcp-Method"),
          HeaderNames.create("Mcp-Name"),
          HeaderNames.create("Last-Event-ID"),
          HeaderNames.create("tracestate"),
          HeaderNames.create("baggage"),
          TRACEPARENT);
  private static final List<String> ANSWERED =
      List.of(
          "content-type",
          "mcp-session-id",
          "mcp-protocol-version",
          "www-authenticate",
          "retry-after",
          "allow",
          "cache-control",
          "x-accel-buffering");

  private final Forwarder forwarder;
  private final Seal seal;
  private final Replicas replicas;
  private final Metrics metrics;

  public ForwardEndpoint(Forwarder forwarder, Seal seal, Replicas replicas, Metrics metrics) {
    this.metrics = metrics;
    this.forwarder = forwarder;
    this.seal = seal;
    this.replicas = replicas;
  }

  /// Lets only other replicas in; call it before the first route of the internal listener.
  public void guard(HttpRouting.Builder routing) {
    routing.addFilter(this::admit);
  }

  private void admit(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    Seal.Opened opened =
        request
            .headers()
            .first(SEAL)
            .flatMap(text -> seal.open(text, head(request, Map.of())))
            .orElseThrow(ForwardEndpoint::forbidden);
    byte[] body = RequestBody.read(request);
    if (!opened.fits(body)) {
      throw forbidden();
    }
    if (opened.epoch() != replicas.epoch()) {
      misdirected(response);
      return;
    }
    RequestBody.keep(request, body);
    // On a connection that is used again nobody could tell whether a request that had no answer had
    // arrived; on a new one it has, or the connection could not be made.
    response.header(HeaderValues.CONNECTION_CLOSE);
    chain.proceed();
  }

  private static HttpException forbidden() {
    return new HttpException("this is for replicas only", Status.FORBIDDEN_403, true);
  }

  /// Tells the replica that asks that what it looks for is not here.
  public static void misdirected(ServerResponse response) {
    response.status(MISDIRECTED_421).send();
  }

  /// Passes a request on, and the answer back to the client; when the client leaves, the other
  /// replica hears of it at once.
  ///
  /// @param body the whole body, which was read before
  /// @throws InvalidRequest when it holds what can't be passed on
  public Passed pass(Replica to, ServerRequest request, byte[] body, ServerResponse response)
      throws InterruptedException {
    long begun = System.nanoTime();
    Passed passed = passOn(to, request, body, response);
    metrics.forward(
        switch (passed) {
          case Answered() -> "answered";
          case Left() -> "left";
          case Lost _ -> "lost";
          case Elsewhere() -> "elsewhere";
        },
        Duration.ofNanos(System.nanoTime() - begun));
    return passed;
  }

  private Passed passOn(Replica to, ServerRequest request, byte[] body, ServerResponse response)
      throws InterruptedException {
    var clientGone = new AtomicBoolean();
    var stream = new Answer(response);
    try (Passage passage = send(to, request, body);
        PeerWatch _ =
            PeerWatch.start(() -> {
              clientGone.set(true);
              passage.breakOff();
            })) {
      HttpResponse<InputStream> answer = passage.answer();
      if (answer.statusCode() == MISDIRECTED_421.code()) {
        return new Elsewhere();
      }
      stream.begin(answer);
      passage.drain(answer.body(), stream);
      stream.end();
      return new Answered();
    } catch (Passage.Unreached _) {
      return clientGone.get() ? new Left() : new Elsewhere();
    } catch (CloseConnectionException | UncheckedIOException _) {
      return new Answered();
    } catch (IOException _) {
      return clientGone.get() ? new Answered() : new Lost(stream.begun());
    }
  }

  private Passage send(Replica to, ServerRequest request, byte[] body) {
    Map<String, String> trace = new HashMap<>();
    RequestTrace.onward(request).ifPresent(traced -> traced.each(trace::put));
    if (trace.isEmpty() && !request.headers().contains(TRACEPARENT)) {
      trace.put(
          "traceparent",
          "00-%s-%016x-00"
              .formatted(
                  RequestTrace.of(request).value(),
                  ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE)));
    }
    try {
      return forwarder.send(to, head(request, trace), body);
    } catch (IllegalArgumentException _) {
      throw new InvalidRequest("a header of the request holds what is not allowed there");
    }
  }

  /// @param more headers that count in place of the request's own
  private static Seal.Head head(ServerRequest request, Map<String, String> more) {
    Map<String, String> headers = new HashMap<>(more);
    for (Header header : request.headers()) {
      String name = header.headerName().lowerCase();
      if (ASKED.contains(header.headerName()) || name.startsWith(PARAMETER)) {
        headers.putIfAbsent(name, String.join(", ", header.allValues()));
      }
    }
    var prologue = request.prologue();
    String query = prologue.query().rawValue();
    String path = path(prologue.uriPath()) + (query.isEmpty() ? "" : "?" + query);
    return new Seal.Head(prologue.method().text(), path, headers);
  }

  /// The path by which the request was routed, and nothing else of its target: a client may write a
  /// whole address there, or what reads like one, and must not choose where its request goes.
  private static String path(UriPath path) {
    try {
      String routed = path.path();
      return new URI(null, null, "/" + LEADING_SLASHES.matcher(routed).replaceFirst(""), null)
          .toASCIIString();
    } catch (URISyntaxException _) {
      throw new InvalidRequest("the path of the request can't be read");
    }
  }

  /// The answer as the client gets it.
  private static final class Answer implements Passage.Sink {

    private final ServerResponse response;
    private final ByteArrayOutputStream whole = new ByteArrayOutputStream();
    private Optional<OutputStream> out = Optional.empty();

    Answer(ServerResponse response) {
      this.response = response;
    }

    void begin(HttpResponse<InputStream> from) throws IOException {
      response.status(Status.create(from.statusCode()));
      for (String name : ANSWERED) {
        from.headers()
            .firstValue(name)
            .ifPresent(value -> response.header(HeaderValues.create(name, value)));
      }
      boolean events =
          from.headers().firstValue("content-type").orElse("").startsWith("text/event-stream");
      if (events) {
        OutputStream stream = response.outputStream();
        out = Optional.of(stream);
        stream.flush();
      }
    }

    @Override
    public void take(byte[] bytes, int length) throws IOException {
      if (out.isPresent()) {
        out.get().write(bytes, 0, length);
        out.get().flush();
      } else {
        whole.write(bytes, 0, length);
      }
    }

    void end() throws IOException {
      if (out.isPresent()) {
        out.get().close();
      } else {
        byte[] body = whole.toByteArray();
        if (body.length == 0) {
          response.send();
        } else {
          response.send(body);
        }
      }
    }

    Optional<OutputStream> begun() {
      return out;
    }
  }
}
