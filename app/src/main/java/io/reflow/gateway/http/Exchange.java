package io.reflow.gateway.http;

import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.fault.GatewayException.NotAuthenticated;
import io.reflow.gateway.fault.GatewayException.NotFound;
import io.reflow.gateway.telemetry.TraceId;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One REST request and the way to answer it.
///
/// @param <C> what is known of the caller
public final class Exchange<C> {

  private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);

  private final ServerRequest request;
  private final ServerResponse response;
  private final Optional<C> caller;

  Exchange(ServerRequest request, ServerResponse response, Optional<C> caller) {
    this.request = request;
    this.response = response;
    this.caller = caller;
  }

  /// Who calls; only on routes that are not public.
  public C caller() {
    return caller.orElseThrow(() -> new NotAuthenticated("this route needs a token"));
  }

  /// The body, bound to a record by JSON-B with `snake_case` names.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.InvalidRequest naming the field that is
  ///   unknown or of the wrong type
  public <T> T body(Class<T> type) {
    return JsonBody.read(request, type);
  }

  /// The same with comments and commas after the last member, as in files that people edit.
  public <T> T relaxedBody(Class<T> type) {
    return JsonBody.readRelaxed(request, type);
  }

  /// A path parameter. It holds no NUL: nothing stored has one.
  public String path(String name) {
    String text = request.path().pathParameters().get(name);
    if (text.indexOf('\0') >= 0) {
      throw new NotFound("nothing is called that");
    }
    return text;
  }

  /// A path parameter that is a UUID; what is none names nothing, so it is a 404.
  public UUID id(String name) {
    return uuid(path(name));
  }

  static UUID uuid(String text) {
    try {
      UUID id = UUID.fromString(text);
      if (id.toString().equalsIgnoreCase(text)) {
        return id;
      }
    } catch (IllegalArgumentException _) {
      // The same answer as for an abbreviated one.
    }
    throw new NotFound("there is nothing with id '%s'".formatted(text));
  }

  /// The first query parameter of that name. It holds no NUL, which the database can't take.
  public Optional<String> query(String name) {
    Optional<String> value = request.query().first(name).asOptional();
    if (value.filter(text -> text.indexOf('\0') >= 0).isPresent()) {
      throw new InvalidRequest("the parameter '%s' must not contain NUL".formatted(name));
    }
    return value;
  }

  /// The caller's own `Authorization`, to ask another replica in their name.
  public String authorization() {
    return request.headers().first(HeaderNames.AUTHORIZATION).orElse("");
  }

  /// The address of the peer: the client's, or that of a proxy in front of the gateway.
  public String peer() {
    return request.remotePeer().host();
  }

  /// Names this request in its error answer, the logs and the audit.
  public TraceId traceId() {
    return RequestTrace.of(request);
  }

  /// Adds a header to the answer; call it before the answer.
  public Exchange<C> header(String name, String value) {
    response.header(HeaderNames.create(name), value);
    return this;
  }

  public void ok(Object json) {
    send(Status.OK_200, Refusal.CONTENT_TYPE, JsonBody.write(json));
  }

  public void created(Object json) {
    send(Status.CREATED_201, Refusal.CONTENT_TYPE, JsonBody.write(json));
  }

  public void noContent() {
    response.status(Status.NO_CONTENT_204).send();
  }

  /// Answers with JSON and another status than those above.
  public void json(int status, Object json) {
    send(Status.create(status), Refusal.CONTENT_TYPE, JsonBody.write(json));
  }

  /// Answers with something other than JSON: a page, a text of metrics.
  public void content(String mediaType, byte[] content) {
    send(Status.OK_200, mediaType, content);
  }

  /// Writes an answer bit by bit.
  @FunctionalInterface
  public interface Streaming {
    void write(OutputStream out) throws IOException;
  }

  /// Answers with something long. Once it has begun, a failure can only end the connection, before
  /// the end of the answer: nobody takes a part for the whole.
  public void stream(String mediaType, Streaming content) {
    response.status(Status.OK_200).header(HeaderNames.CONTENT_TYPE, mediaType);
    if (request.prologue().method().equals(Method.HEAD)) {
      response.send();
      return;
    }
    OutputStream out = response.outputStream();
    try {
      content.write(out);
      out.close();
    } catch (IOException | UncheckedIOException e) {
      throw new CloseConnectionException("the client has left", e);
    } catch (GatewayException e) {
      LOG.atWarn().setCause(e).log("A long answer could not be finished");
      throw new CloseConnectionException("the answer could not be finished", e);
    }
  }

  private void send(Status status, String mediaType, byte[] content) {
    response.status(status).header(HeaderNames.CONTENT_TYPE, mediaType);
    if (request.prologue().method().equals(Method.HEAD)) {
      response.header(HeaderNames.CONTENT_LENGTH, String.valueOf(content.length)).send();
    } else {
      response.send(content);
    }
  }
}
