package io.reflow.gateway.mcp;

import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.HttpException;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.reflow.gateway.audit.AuditOutcome;
import io.reflow.gateway.fault.GatewayException.InvalidParams;
import io.reflow.gateway.fault.GatewayException.NotJson;
import io.reflow.gateway.fault.GatewayException.Unavailable;
import io.reflow.gateway.http.RequestBody;
import io.reflow.gateway.http.RequestTrace;
import io.reflow.gateway.http.RestRoutes;
import io.reflow.gateway.mcp.Incoming.Carrier;
import io.reflow.gateway.mcp.Incoming.Verb;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.replica.ForwardEndpoint;
import io.reflow.gateway.replica.Leases;
import io.reflow.gateway.replica.Passed;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// `/mcp` and `/mcp/{target}`: HTTP to messages, and replies to HTTP.
///
/// See <https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http>
public final class McpEndpoint {

  private static final HeaderName SESSION_ID = HeaderNames.create("Mcp-Session-Id");
  private static final HeaderName PROTOCOL_VERSION = HeaderNames.create("MCP-Protocol-Version");
  private static final Header JSON =
      HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "application/json");
  private static final Header EVENT_STREAM =
      HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "text/event-stream");
  private static final Header NO_CACHE =
      HeaderValues.createCached(HeaderNames.CACHE_CONTROL, "no-cache");
  private static final Header NO_BUFFERING = HeaderValues.createCached("X-Accel-Buffering", "no");
  private static final Header ALLOW =
      HeaderValues.createCached(HeaderNames.ALLOW, "GET, POST, DELETE");

  private static final Duration PAUSE = Duration.ofMillis(250);
  private static final Duration TRY_AGAIN = Duration.ofSeconds(5);

  private final Stage<Call.Received, Reply> pipeline;
  private final Batches batches;
  private final SseEndpoint streams;
  private final ForwardEndpoint forward;
  private final Records records;
  private final Leases leases;
  private final long patience;
  private final InstantSource clock;

  /// @param streams answers the `GET` of clients
  /// @param forward the way to other replicas
  /// @param patience how long a request may wait for the death of a replica
  public McpEndpoint(
      McpParts parts, SseEndpoint streams, ForwardEndpoint forward, Duration patience) {
    this.pipeline = McpPipeline.of(parts);
    this.batches = new Batches(pipeline);
    this.streams = streams;
    this.forward = forward;
    this.records = parts.records();
    this.leases = parts.leases();
    this.patience = patience.toNanos();
    this.clock = parts.clock();
  }

  /// Registers the methods of a path; the last segment of `/mcp/{target}` names one target.
  public void register(HttpRouting.Builder routing, String path) {
    register(routing, path, Incoming.ALONE);
  }

  /// The same on the internal listener.
  public void registerInternal(HttpRouting.Builder routing, String path) {
    register(routing, path, Incoming.PASSED_ON);
  }

  private void register(HttpRouting.Builder routing, String path, Carrier carrier) {
    routing
        .post(path, (request, response) -> handle(Verb.MESSAGE, carrier, request, response))
        .get(path, streams::get)
        .delete(path, (request, response) -> handle(Verb.CLOSE, carrier, request, response))
        .any(path, (_, response) -> refuseMethod(response));
  }

  /// There is nothing to put.
  private static void refuseMethod(ServerResponse response) {
    response.status(Status.METHOD_NOT_ALLOWED_405).header(ALLOW).send();
  }

  private void handle(Verb verb, Carrier carrier, ServerRequest request, ServerResponse response)
      throws InterruptedException {
    long begun = System.nanoTime();
    while (!handled(verb, carrier, begun, request, response)) {
      Thread.sleep(PAUSE);
    }
  }

  /// False where it has to be found out anew who answers.
  private boolean handled(
      Verb verb, Carrier carrier, long begun, ServerRequest request, ServerResponse response)
      throws InterruptedException {
    Incoming incoming = incoming(verb, request, response, carrier);
    AuditTrail trail = trail(request, clock);
    Reply reply;
    try {
      reply = pipeline.apply(new Call.Received(incoming, trail));
    } catch (Incoming.Unreadable e) {
      throw e.failure();
    } catch (Incoming.Elsewhere e) {
      return passedOn(e, begun, trail, request, response);
    } catch (InterruptedException e) {
      incoming.stream().abandon();
      incoming.events().abandon();
      throw e;
    }
    if (reply instanceof Reply.Batched batch) {
      answer(batch, incoming, request, response);
    } else if (incoming.stream().seal()) {
      incoming.stream().finish(reply.lastMessage());
    } else if (incoming.events().seal()) {
      incoming.events().finish(reply.lastMessage());
    } else {
      send(response, reply);
    }
    return true;
  }

  private boolean passedOn(
      Incoming.Elsewhere message,
      long begun,
      AuditTrail trail,
      ServerRequest request,
      ServerResponse response)
      throws InterruptedException {
    switch (forward.pass(message.replica(), request, message.body(), response)) {
      case Passed.Answered() -> {}
      case Passed.Left() ->
          new LostRequests(records).left(request.prologue().method().text(), message.body(), trail);
      case Passed.Elsewhere() -> {
        message.lease().ifPresent(leases::forget);
        if (message.patient() && System.nanoTime() - begun < patience) {
          RequestBody.keep(request, message.body());
          return false;
        }
        refuse(message, trail, response);
      }
      case Passed.Lost loss ->
          ElsewhereEndpoint.tellLoss(
              loss, new LostRequests(records), trail, request, message.body(), response);
    }
    return true;
  }

  private void refuse(Incoming.Elsewhere message, AuditTrail trail, ServerResponse response) {
    Reply.Refusal refusal =
        Failures.refusal(
            message.lease().isPresent()
                ? new Unavailable("the replica that runs the target does not answer", TRY_AGAIN)
                : new InvalidParams("the suspended call was lost; start again"),
            trail);
    records.add(trail, AuditOutcome.FAILED, refusal.message().length());
    send(response, refusal);
  }

  private void answer(
      Reply.Batched batch, Incoming incoming, ServerRequest request, ServerResponse response)
      throws InterruptedException {
    SessionStream events = incoming.events();
    boolean answers = Batches.wantsAnswer(batch.messages());
    if (answers && events.accepted()) {
      batches.stream(batch.messages(), incoming, () -> trail(request, clock), events.opened());
      boolean _ = events.seal();
      events.finish(Optional.empty());
      return;
    }
    RawJson array = batches.array(batch.messages(), incoming, () -> trail(request, clock));
    if (answers) {
      send(response, array);
    } else {
      response.status(Status.ACCEPTED_202).send();
    }
  }

  static Incoming incoming(
      Verb verb, ServerRequest request, ServerResponse response, Carrier carrier) {
    boolean accepts = acceptsStream(request);
    return new Incoming(
        verb,
        () -> RestRoutes.bearerToken(request),
        request.headers().first(SESSION_ID),
        find(request, PROTOCOL_VERSION),
        headers(request),
        request.path().pathParameters().first("target").asOptional(),
        () -> body(request),
        new ClientStream(accepts, () -> openStream(response)),
        carrier.connection().isPresent()
            ? SessionStream.shared()
            : SessionStream.ofAnswer(accepts, () -> openStream(response)),
        carrier);
  }

  static AuditTrail trail(ServerRequest request, InstantSource clock) {
    return new AuditTrail(
        clock.instant(),
        RequestTrace.of(request).value(),
        RequestTrace.message(request),
        request.headers().contains(HeaderNames.AUTHORIZATION),
        () -> request.remotePeer().host());
  }

  static boolean namesSession(ServerRequest request) {
    return request.headers().contains(SESSION_ID);
  }

  private static Incoming.Headers headers(ServerRequest request) {
    return new Incoming.Headers() {
      @Override
      public Optional<String> find(String name) {
        return McpEndpoint.find(request, HeaderNames.create(name));
      }

      @Override
      public Map<String, String> beginningWith(String prefix) {
        Map<String, String> found = Map.of();
        for (Header header : request.headers()) {
          String name = header.name();
          if (name.regionMatches(true, 0, prefix, 0, prefix.length())) {
            found = found.isEmpty() ? new HashMap<>() : found;
            found.put(name, find(name).orElse(""));
          }
        }
        return found;
      }
    };
  }

  private static Optional<String> find(ServerRequest request, HeaderName name) {
    if (!request.headers().contains(name)) {
      return Optional.empty();
    }
    Header header = request.headers().get(name);
    return Optional.of(
        header.valueCount() == 1 ? header.get().strip() : String.join(", ", header.allValues()));
  }

  private static byte[] body(ServerRequest request) {
    String type = request.headers().first(HeaderNames.CONTENT_TYPE).orElse("");
    String mediaType = type.split(";", 2)[0].strip();
    if (!mediaType.equalsIgnoreCase("application/json")) {
      throw new Incoming.Unreadable(
          new HttpException(
              "the content type must be application/json", Status.UNSUPPORTED_MEDIA_TYPE_415));
    }
    byte[] body;
    try {
      body = RequestBody.read(request);
    } catch (RuntimeException e) {
      throw new Incoming.Unreadable(e);
    }
    if (body.length == 0) {
      throw new NotJson("the body is empty; it must be one JSON-RPC message");
    }
    return body;
  }

  static boolean acceptsStream(ServerRequest request) {
    return request
        .headers()
        .first(HeaderNames.ACCEPT)
        .map(accept -> accept.contains("text/event-stream") || accept.contains("*/*"))
        .orElse(false);
  }

  static OutputStream openStream(ServerResponse response) {
    return response
        .status(Status.OK_200)
        .header(EVENT_STREAM)
        .header(NO_CACHE)
        .header(NO_BUFFERING)
        .outputStream();
  }

  static void send(ServerResponse response, Reply reply) {
    switch (reply) {
      case Reply.Answer(var message, var opened) -> {
        opened.ifPresent(session -> response.header(SESSION_ID, session.value()));
        send(response, message);
      }
      case Reply.Refusal refusal -> {
        refusal.headers().forEach((name, value) -> response.header(name, value));
        send(response.status(refusal.status()), refusal.message());
      }
      case Reply.Accepted() -> response.status(Status.ACCEPTED_202).send();
      case Reply.Withdrawn() -> sendToWhoMayBeGone(response);
      case Reply.Closed() -> response.status(Status.NO_CONTENT_204).send();
      case Reply.Events _, Reply.Connected _, Reply.Batched _ ->
          throw new IllegalStateException("a stream is not sent at once");
    }
  }

  private static void sendToWhoMayBeGone(ServerResponse response) {
    try {
      response.status(Status.ACCEPTED_202).send();
    } catch (CloseConnectionException | UncheckedIOException _) {
      // By leaving the client has taken its request back: nobody waits for this.
    }
  }

  private static void send(ServerResponse response, RawJson message) {
    response.header(JSON).send(message.array(), message.from(), message.length());
  }
}
