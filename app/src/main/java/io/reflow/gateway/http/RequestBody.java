package io.reflow.gateway.http;

import io.helidon.http.DirectHandler.EventType;
import io.helidon.http.HeaderNames;
import io.helidon.http.RequestException;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.DirectTransportRequest;
import io.helidon.webserver.http.ServerRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Optional;

/// Reads the body of a request whole, up to `server.max-body-size`.
public final class RequestBody {

  private static final byte[] NONE = new byte[0];
  private static final long LONGEST_EXACT = 64 << 10;

  private RequestBody() {}

  /// A body that was read already.
  private static final class Kept {
    private final byte[] bytes;

    Kept(byte[] bytes) {
      this.bytes = bytes;
    }
  }

  /// Keeps a body for those that read it later.
  public static void keep(ServerRequest request, byte[] body) {
    request.context().register(new Kept(body));
  }

  /// The bytes of the body; none where there is no body. A body that is too large, too slow or not
  /// well-formed is answered by the listener itself, and ends the connection.
  public static byte[] read(ServerRequest request) {
    Optional<Kept> kept = request.context().get(Kept.class);
    if (kept.isPresent()) {
      return kept.get().bytes;
    }
    if (!request.content().hasEntity()) {
      return NONE;
    }
    try {
      return bytes(request);
    } catch (CloseConnectionException | RequestException e) {
      throw e;
    } catch (RuntimeException e) {
      throw malformed(request, e);
    }
  }

  /// Of a small body the length is known mostly: reading just so much takes no larger buffer.
  private static byte[] bytes(ServerRequest request) {
    long length = request.headers().contentLength().orElse(LONGEST_EXACT + 1);
    if (length > LONGEST_EXACT || request.headers().contains(HeaderNames.CONTENT_ENCODING)) {
      return request.content().as(byte[].class);
    }
    try (InputStream in = request.content().inputStream()) {
      byte[] body = in.readNBytes((int) length);
      // The server wants to be asked once more to know that the body was read whole.
      int end = in.read();
      if (body.length < length || end >= 0) {
        throw new IllegalStateException("the body is not as long as announced");
      }
      return body;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The server reports a broken chunk as whatever its parser happened to throw.
  private static RequestException malformed(ServerRequest request, RuntimeException cause) {
    return RequestException.builder()
        .type(EventType.BAD_REQUEST)
        .request(DirectTransportRequest.create(request.prologue(), request.headers()))
        .message("the body is not well-formed HTTP/1.1")
        .setKeepAlive(false)
        .cause(cause)
        .build();
  }
}
