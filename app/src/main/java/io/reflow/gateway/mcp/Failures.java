package io.reflow.gateway.mcp;

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
import io.reflow.gateway.protocol.ErrorCode;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.RawJson;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// What MCP clients see of a failure: the one place that pairs failures with JSON-RPC codes and
/// HTTP statuses. Once a session has taken the message, errors travel inside a 200; only that the
/// session itself is gone is a 404 at any time, since that makes clients initialize anew. In the
/// stateless era a status says what intermediaries are to know of the error.
final class Failures {

  private static final RawJson NULL = RawJson.of("null");

  private Failures() {}

  /// How one kind of failure is shown; the status counts only outside a session.
  private record Shape(
      ErrorCode code, int status, Map<String, String> headers, Optional<String> data) {

    static Shape of(ErrorCode code, int status) {
      return new Shape(code, status, Map.of(), Optional.empty());
    }

    static Shape with(ErrorCode code, int status, String data) {
      return new Shape(code, status, Map.of(), Optional.of(data));
    }

    static Shape later(int status, Duration retryAfter) {
      String seconds = Long.toString(Math.max(1, retryAfter.toSeconds()));
      return new Shape(
          ErrorCode.INTERNAL_ERROR, status, Map.of("Retry-After", seconds), Optional.empty());
    }
  }

  static Reply reply(GatewayException failure, AuditTrail trail) {
    return failure instanceof CredentialMissing && trail.method().equals("tools/call")
        ? failedTool(failure, trail)
        : refusal(failure, trail);
  }

  /// The result of a tool that failed, so that the model can tell its user what to do.
  private static Reply failedTool(GatewayException failure, AuditTrail trail) {
    trail.failed(failure.reason());
    trail.errorCode(ErrorCode.INTERNAL_ERROR.value());
    String result =
        "{\"content\":[{\"type\":\"text\",\"text\":%s}],\"isError\":true}"
            .formatted(JsonText.quote(failure.reason()));
    return Replies.result(trail.requestId().orElse(NULL), RawJson.of(result));
  }

  static Reply.Refusal refusal(GatewayException failure, AuditTrail trail) {
    return refusal(shape(failure, trail), failure.reason(), trail);
  }

  /// Something nobody thought of: the caller learns the trace id, the log has the rest.
  static Reply.Refusal unexpected(AuditTrail trail) {
    return refusal(
        Shape.of(ErrorCode.INTERNAL_ERROR, 500), "internal error, trace " + trail.traceId(), trail);
  }

  private static Shape shape(GatewayException failure, AuditTrail trail) {
    return switch (failure) {
      case NotJson _ -> Shape.of(ErrorCode.PARSE_ERROR, 400);
      case InvalidRequest _, Conflict _ -> Shape.of(ErrorCode.INVALID_REQUEST, 400);
      case InvalidParams _ -> Shape.of(ErrorCode.INVALID_PARAMS, 200);
      case IncompleteEnvelope _ -> Shape.of(ErrorCode.INVALID_PARAMS, 400);
      case HeaderMismatch _ -> Shape.of(ErrorCode.HEADER_MISMATCH, 400);
      case UnsupportedVersion version ->
          Shape.with(ErrorCode.UNSUPPORTED_VERSION, 400, supported(version));
      case MissingCapability missing ->
          Shape.with(
              ErrorCode.MISSING_CAPABILITY,
              400,
              "{\"requiredCapabilities\":" + missing.required() + "}");
      case NotAuthenticated _ ->
          new Shape(
              ErrorCode.INVALID_REQUEST,
              401,
              Map.of("WWW-Authenticate", challenge(trail)),
              Optional.empty());
      case NotPermitted _ -> Shape.of(ErrorCode.INVALID_REQUEST, 403);
      case NotFound _ -> Shape.of(ErrorCode.INVALID_REQUEST, 404);
      case ResourceNotFound missing ->
          Shape.with(
              trail.isStateless() ? ErrorCode.INVALID_PARAMS : ErrorCode.RESOURCE_NOT_FOUND,
              200,
              "{\"uri\":" + JsonText.quote(missing.uri()) + "}");
      case MethodNotFound _ -> Shape.of(ErrorCode.METHOD_NOT_FOUND, 200);
      case TooLarge _ -> Shape.of(ErrorCode.INVALID_REQUEST, 413);
      case Overloaded overloaded -> Shape.later(429, overloaded.retryAfter());
      case Unavailable unavailable -> Shape.later(503, unavailable.retryAfter());
      case CredentialMissing _, UpstreamFailed _ -> Shape.of(ErrorCode.INTERNAL_ERROR, 200);
    };
  }

  private static String supported(UnsupportedVersion version) {
    String supported =
        version.supported().stream()
            .map(JsonText::quote)
            .collect(Collectors.joining(",", "[", "]"));
    return "{\"supported\":%s,\"requested\":%s}"
        .formatted(supported, JsonText.quote(version.requested()));
  }

  private static String challenge(AuditTrail trail) {
    return trail.tokenSent() ? "Bearer error=\"invalid_token\"" : "Bearer";
  }

  private static Reply.Refusal refusal(Shape shape, String reason, AuditTrail trail) {
    trail.failed(reason);
    trail.errorCode(shape.code().value());
    boolean inSession =
        !trail.isStateless()
            && trail.session().isPresent()
            && trail.requestId().isPresent()
            && shape.status() != 404;
    String error =
        "{\"code\":%d,\"message\":%s%s}"
            .formatted(
                shape.code().value(),
                JsonText.quote(reason),
                shape.data().map(data -> ",\"data\":" + data).orElse(""));
    return new Reply.Refusal(
        inSession ? 200 : trail.isStateless() ? statelessStatus(shape) : shape.status(),
        inSession ? Map.of() : shape.headers(),
        Replies.error(trail.requestId().orElse(NULL), RawJson.of(error)));
  }

  /// Without sessions the status tells more: that a method is not there, or that the request itself
  /// is wrong. What goes wrong behind the gateway still travels inside a 200.
  private static int statelessStatus(Shape shape) {
    return switch (shape.code()) {
      case METHOD_NOT_FOUND -> 404;
      case INTERNAL_ERROR -> 200;
      case PARSE_ERROR,
          INVALID_REQUEST,
          INVALID_PARAMS,
          RESOURCE_NOT_FOUND,
          HEADER_MISMATCH,
          MISSING_CAPABILITY,
          UNSUPPORTED_VERSION ->
          shape.status();
    };
  }
}
