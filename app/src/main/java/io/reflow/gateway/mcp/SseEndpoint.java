package io.reflow.gateway.mcp;

import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.reflow.gateway.http.PeerWatch;
import io.reflow.gateway.mcp.Incoming.Carrier;
import io.reflow.gateway.mcp.Incoming.Verb;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.session.SseConnections;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The streams that clients open by themselves: those of sessions on `/mcp`, and the connections of
/// the oldest transport, on `/sse` with `/messages`.
///
/// See <https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse>
public final class SseEndpoint {

  private static final Logger LOG = LoggerFactory.getLogger(SseEndpoint.class);
  private static final String MESSAGES = "/messages";
  private static final String CONNECTION = "sessionId";

  private final McpParts parts;
  private final SseConnections connections;
  private final Stage<Call.Received, Reply> pipeline;
  private final Stage<Call.Received, Reply> listening;
  private final Stage<Call.Received, Reply> connecting;
  private final Batches batches;

  public SseEndpoint(McpParts parts) {
    this.parts = parts;
    this.connections = parts.connections();
    this.pipeline = McpPipeline.of(parts);
    this.listening = McpPipeline.listening(parts);
    this.connecting = McpPipeline.connecting(parts);
    this.batches = new Batches(pipeline);
  }

  /// Registers a path where connections of the oldest transport are opened.
  public void register(HttpRouting.Builder routing, String path) {
    routing.get(path, this::connect).any(path, (_, response) -> refuse(response, "GET"));
  }

  /// Registers the path where their clients post to.
  public void registerMessages(HttpRouting.Builder routing) {
    routing.post(MESSAGES, this::take).any(MESSAGES, (_, response) -> refuse(response, "POST"));
  }

  private static void refuse(ServerResponse response, String allowed) {
    response.status(Status.METHOD_NOT_ALLOWED_405).header(HeaderNames.ALLOW, allowed).send();
  }

  /// A `GET` where sessions live: their streams; without a session a client of the oldest transport
  /// is tried to be served.
  void get(ServerRequest request, ServerResponse response) throws InterruptedException {
    if (McpEndpoint.namesSession(request)) {
      open(Verb.LISTEN, listening, request, response);
    } else if (parts.config().sse().onMcpPath()) {
      connect(request, response);
    } else {
      refuse(response, "POST, DELETE");
    }
  }

  private void connect(ServerRequest request, ServerResponse response) throws InterruptedException {
    open(Verb.CONNECT, connecting, request, response);
  }

  private void open(
      Verb verb, Stage<Call.Received, Reply> stages, ServerRequest request, ServerResponse response)
      throws InterruptedException {
    if (!McpEndpoint.acceptsStream(request)) {
      response.status(Status.NOT_ACCEPTABLE_406).send();
      return;
    }
    Incoming incoming = McpEndpoint.incoming(verb, request, response, Incoming.ALONE);
    Reply reply =
        stages.apply(new Call.Received(incoming, McpEndpoint.trail(request, parts.clock())));
    switch (reply) {
      case Reply.Events(var session, var reading, var entry) -> {
        subscribeAgain(session, incoming, request);
        try (entry;
            reading;
            PeerWatch _ = PeerWatch.start(reading::close)) {
          write(response, out -> EventWriter.writeResumable(reading, session.version(), out));
        } finally {
          session.leave();
        }
      }
      case Reply.Connected(var connection, var reading, var entry) -> {
        try (entry;
            reading;
            PeerWatch _ = PeerWatch.start(reading::close)) {
          String endpoint = "%s?%s=%s".formatted(MESSAGES, CONNECTION, connection.id());
          write(response, out -> EventWriter.writeConnection(reading, endpoint, out));
        } finally {
          connections.close(connection);
        }
      }
      default -> McpEndpoint.send(response, reply);
    }
  }

  /// A session that came here from elsewhere follows at its targets what its client had subscribed
  /// to, as if it asked for it now.
  private void subscribeAgain(Session session, Incoming incoming, ServerRequest request) {
    Set<String> lost = session.conversation().feeds().lost();
    if (!lost.isEmpty()) {
      Thread.ofVirtual()
          .name("subscribe-again-" + session.digest())
          .start(() -> lost.forEach(uri -> subscribe(uri, incoming, request)));
    }
  }

  private void subscribe(String uri, Incoming incoming, ServerRequest request) {
    RawJson message =
        RawJson.of(
            "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"resources/subscribe\",\"params\":{\"uri\":%s}}"
                .formatted(JsonText.quote("again " + uri), JsonText.quote(uri)));
    var trail = McpEndpoint.trail(request, parts.clock());
    try {
      var _ = pipeline.apply(new Call.Received(incoming.posting(message), trail));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private interface Writing {
    void to(OutputStream out) throws IOException, InterruptedException;
  }

  private static void write(ServerResponse response, Writing writing) throws InterruptedException {
    try (OutputStream out = McpEndpoint.openStream(response)) {
      writing.to(out);
    } catch (IOException | RuntimeException e) {
      LOG.atDebug().setCause(e).log("The client of a stream went away");
    }
  }

  /// Takes a message: it is on its way when the client hears so, and is answered on the stream.
  private void take(ServerRequest request, ServerResponse response) throws InterruptedException {
    Optional<String> connection = request.query().first(CONNECTION).asOptional();
    if (connection.isEmpty()) {
      response.status(Status.BAD_REQUEST_400).send();
      return;
    }
    var early = new CompletableFuture<Optional<Reply>>();
    var carrier =
        new Carrier(
            connection,
            false,
            false,
            () -> {
              boolean _ = early.complete(Optional.empty());
            });
    Incoming incoming = McpEndpoint.incoming(Verb.MESSAGE, request, response, carrier);
    var received = new Call.Received(incoming, McpEndpoint.trail(request, parts.clock()));
    Thread.ofVirtual()
        .name("mcp-message-" + received.trail().traceId())
        .start(() -> handle(received, request, early));
    Optional<Reply> refusal = awaitTaken(early);
    if (refusal.isPresent()) {
      McpEndpoint.send(response, refusal.get());
    } else {
      response.status(Status.ACCEPTED_202).send();
    }
  }

  private static Optional<Reply> awaitTaken(CompletableFuture<Optional<Reply>> early)
      throws InterruptedException {
    try {
      return early.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Incoming.Unreadable unreadable) {
        throw unreadable.failure();
      }
      throw new IllegalStateException("a message could not be taken", e);
    }
  }

  private void handle(
      Call.Received received, ServerRequest request, CompletableFuture<Optional<Reply>> early) {
    SessionStream events = received.http().events();
    try {
      Reply reply = pipeline.apply(received);
      if (early.complete(Optional.of(reply))) {
        return;
      }
      boolean _ = events.seal();
      if (reply instanceof Reply.Batched(var _, var messages)) {
        batches.stream(
            messages,
            received.http(),
            () -> McpEndpoint.trail(request, parts.clock()),
            events.opened());
      } else {
        events.finish(reply.lastMessage());
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      if (!early.completeExceptionally(e)) {
        LOG.atError().setCause(e).log("A message could not be answered");
      }
    } finally {
      boolean _ = early.completeExceptionally(new InterruptedException("the gateway is stopping"));
    }
  }
}
