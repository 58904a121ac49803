package io.reflow.gateway.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;
import io.reflow.gateway.telemetry.TraceId;
import jakarta.json.bind.annotation.JsonbPropertyOrder;
import java.time.Duration;
import java.util.List;

/// What a caller sees of an error: status, stable code, a sentence, and headers that say what to
/// do.
record Refusal(Status status, String code, String reason, List<Header> headers) {

  static final String CONTENT_TYPE = "application/json";

  Refusal(Status status, String code, String reason) {
    this(status, code, reason, List.of());
  }

  /// The body of every error of the REST API.
  @JsonbPropertyOrder({"error", "code", "traceId"})
  public record ErrorJson(String error, String code, String traceId) {}

  static Refusal retry(Status status, String code, String reason, Duration after) {
    long seconds = Math.max(1, after.plusMillis(999).toSeconds());
    return new Refusal(
        status,
        code,
        reason,
        List.of(HeaderValues.create(HeaderNames.RETRY_AFTER, String.valueOf(seconds))));
  }

  Refusal with(List<Header> more) {
    return new Refusal(status, code, reason, more);
  }

  byte[] body(TraceId trace) {
    return JsonBody.write(new ErrorJson(reason, code, trace.value()));
  }

  void send(ServerResponse response, TraceId trace) {
    headers.forEach(response::header);
    response.status(status).header(HeaderNames.CONTENT_TYPE, CONTENT_TYPE).send(body(trace));
  }

  /// The whole answer as it goes over the wire, for a connection that ends with it.
  byte[] lastAnswer() {
    byte[] body = body(TraceId.random());
    String head =
        """
        HTTP/1.1 %d %s\r
        Content-Type: %s\r
        Content-Length: %d\r
        Connection: close\r
        \r
        """
            .formatted(status.code(), status.reasonPhrase(), CONTENT_TYPE, body.length);
    return (head + new String(body, UTF_8)).getBytes(UTF_8);
  }
}
