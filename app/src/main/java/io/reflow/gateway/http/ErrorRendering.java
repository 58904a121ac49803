package io.reflow.gateway.http;

import io.helidon.http.DirectHandler;
import io.helidon.http.DirectHandler.EventType;
import io.helidon.http.DirectHandler.TransportResponse;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.HttpException;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.fault.GatewayException.Conflict;
import io.reflow.gateway.fault.GatewayException.CredentialMissing;
import io.reflow.gateway.fault.GatewayException.HeaderMismatch;
import io.reflow.gateway.fault.GatewayException.IncompleteEnvelope;
import io.reflow.gateway.fault.GatewayException.InvalidParams;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.fault.GatewayException.MethodNotFound;
import io.reflow.gateway.fault.GatewayException.MissingCapability;
import io.reflow.gateway.fault.GatewayException.NotAuthenticated;
import io.reflow.gateway.fault.GatewayException.NotFound;
import io.reflow.gateway.fault.GatewayException.NotJson;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.fault.GatewayException.ResourceNotFound;
import io.reflow.gateway.fault.GatewayException.TooLarge;
import io.reflow.gateway.fault.GatewayException.Unavailable;
import io.reflow.gateway.fault.GatewayException.UnsupportedVersion;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.telemetry.TraceId;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The one place that turns a failure into the answer of the REST API. What is not a
/// [GatewayException] is a fault of ours: the caller gets the trace id, the log the cause.
public final class ErrorRendering {

  private static final Logger LOG = LoggerFactory.getLogger(ErrorRendering.class);

  private static final Status HEADERS_TOO_LARGE_431 =
      Status.create(431, "Request Header Fields Too Large");

  /// What the server says in place of messages that repeat parts of the request.
  private static final String SEE_LOG = "see server log";

  private static final String MALFORMED = "the request is not well-formed HTTP/1.1";

  private ErrorRendering() {}

  /// Adds what answers for every route that throws, and for paths that nobody serves.
  public static void register(HttpRouting.Builder routing) {
    routing.error(Throwable.class, ErrorRendering::answer);
  }

  /// The value of `WWW-Authenticate` in a 401: whether a token is missing, or the one sent does not
  /// count.
  public static String challenge(ServerRequestHeaders headers) {
    return headers.contains(HeaderNames.AUTHORIZATION)
        ? "Bearer error=\"invalid_token\""
        : "Bearer";
  }

  /// What answers requests that are too broken to be routed.
  static DirectHandlers directHandlers() {
    var handlers = DirectHandlers.builder();
    for (EventType type : EventType.values()) {
      handlers.addHandler(type, unrouted());
    }
    return handlers.build();
  }

  /// The whole answer for a client that did not finish its request in time.
  static byte[] requestTimeout() {
    return new Refusal(
            Status.REQUEST_TIMEOUT_408, "request-timeout", "the request did not arrive in time")
        .lastAnswer();
  }

  /// The same for who has no HTTP answer any more.
  static Refusal refusal(GatewayException failure) {
    return refusal(failure, "Bearer");
  }

  private static void answer(ServerRequest request, ServerResponse response, Throwable failure) {
    TraceId trace = RequestTrace.of(request);
    Refusal refusal =
        switch (failure) {
          case GatewayException known -> refusal(known, challenge(request.headers()));
          case HttpException http -> refusal(http);
          case InterruptedException _ -> stopping();
          default -> internal();
        };
    log(refusal, request, failure, trace);
    try {
      refusal.send(response, trace);
    } catch (CloseConnectionException | UncheckedIOException _) {
      // The client has left, or the gateway is stopping: nobody waits for this answer.
    }
  }

  private static Refusal refusal(GatewayException failure, String challenge) {
    String reason = failure.reason();
    return switch (failure) {
      case InvalidRequest _,
          InvalidParams _,
          NotJson _,
          IncompleteEnvelope _,
          HeaderMismatch _,
          UnsupportedVersion _,
          MissingCapability _ ->
          new Refusal(Status.BAD_REQUEST_400, "invalid-request", reason);
      case NotAuthenticated _ ->
          new Refusal(
              Status.UNAUTHORIZED_401,
              "not-authenticated",
              reason,
              List.of(HeaderValues.create(HeaderNames.WWW_AUTHENTICATE, challenge)));
      case NotPermitted _ -> new Refusal(Status.FORBIDDEN_403, "not-permitted", reason);
      case NotFound _, ResourceNotFound _, MethodNotFound _ ->
          new Refusal(Status.NOT_FOUND_404, "not-found", reason);
      case Conflict _ -> new Refusal(Status.CONFLICT_409, "conflict", reason);
      case TooLarge _ -> new Refusal(Status.REQUEST_ENTITY_TOO_LARGE_413, "too-large", reason);
      case Overloaded overloaded ->
          Refusal.retry(
              Status.TOO_MANY_REQUESTS_429, "overloaded", reason, overloaded.retryAfter());
      case Unavailable unavailable ->
          Refusal.retry(
              Status.SERVICE_UNAVAILABLE_503, "unavailable", reason, unavailable.retryAfter());
      case CredentialMissing _ -> new Refusal(Status.CONFLICT_409, "credential-missing", reason);
      case UpstreamFailed _ -> new Refusal(Status.BAD_GATEWAY_502, "upstream-failed", reason);
    };
  }

  private static Refusal refusal(HttpException failure) {
    if (failure.status().code() >= 500) {
      return internal();
    }
    Refusal refusal = refusal(failure.status(), failure.getMessage());
    return refusal.with(failure.headers().stream().toList());
  }

  /// A refusal that comes from the HTTP layer: ours and the server's.
  private static Refusal refusal(Status status, @Nullable String reason) {
    String why = reason == null ? status.reasonPhrase() : reason;
    return switch (status.code()) {
      case 400 -> malformed(why);
      case 403 -> new Refusal(status, "not-permitted", why);
      case 404 -> new Refusal(status, "not-found", "nothing is served at this path");
      case 405 -> new Refusal(status, "method-not-allowed", why);
      case 413 -> new Refusal(status, "too-large", "the body is larger than server.max-body-size");
      case 414 -> new Refusal(status, "uri-too-long", why);
      case 415 -> new Refusal(status, "unsupported-media-type", why);
      default -> new Refusal(status, "invalid-request", why);
    };
  }

  private static Refusal malformed(String why) {
    return why.equals("Header size exceeded")
        ? new Refusal(
            HEADERS_TOO_LARGE_431,
            "headers-too-large",
            "the headers are larger than server.max-header-size")
        : new Refusal(
            Status.BAD_REQUEST_400,
            "invalid-request",
            why.isEmpty() || why.contains(SEE_LOG) ? MALFORMED : why);
  }

  private static Refusal stopping() {
    return Refusal.retry(
        Status.SERVICE_UNAVAILABLE_503,
        "unavailable",
        "the gateway is stopping",
        Duration.ofSeconds(1));
  }

  private static Refusal internal() {
    return new Refusal(
        Status.INTERNAL_SERVER_ERROR_500,
        "internal",
        "the gateway failed; its log says why under this trace id");
  }

  private static void log(
      Refusal refusal, ServerRequest request, Throwable failure, TraceId trace) {
    if (refusal.status().code() == 500) {
      LOG.atError()
          .setCause(failure)
          .addKeyValue("traceId", trace)
          .addKeyValue("method", request.prologue().method().text())
          .log("A request failed unexpectedly");
    } else if (failure instanceof GatewayException && failure.getCause() != null) {
      LOG.atWarn().setCause(failure).addKeyValue("traceId", trace).log("A request failed");
    }
  }

  private static DirectHandler unrouted() {
    return (request, type, status, headers, message) -> {
      Refusal refusal = unrouted(type, status, message);
      return TransportResponse.builder()
          .status(refusal.status())
          .headers(headers)
          .header(HeaderNames.CONTENT_TYPE, Refusal.CONTENT_TYPE)
          .keepAlive(type.keepAlive())
          .entity(refusal.body(RequestTrace.of(request.headers())))
          .build();
    };
  }

  /// The server's parser throws whatever comes to it at some malformed request lines and headers,
  /// which the server takes for a fault of its own.
  private static Refusal unrouted(EventType type, Status status, @Nullable String message) {
    if (type == EventType.INTERNAL_ERROR && WatchedConnection.currentReadsHeaders()) {
      return new Refusal(Status.BAD_REQUEST_400, "invalid-request", MALFORMED);
    }
    return status.code() < 500 || type == EventType.HTTP_VERSION_NOT_SUPPORTED
        ? refusal(status, message)
        : internal();
  }
}
