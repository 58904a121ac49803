package io.reflow.gateway.mcp;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.EventStream;
import io.reflow.gateway.session.EventStream.Next;
import io.reflow.gateway.session.EventStream.Reading;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;

/// Writes an event stream to one client, by the thread that calls it, until the stream ends or the
/// client is gone. While nothing happens a comment is sent now and then, so that nobody between
/// takes the connection for dead.
///
/// See
/// <https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#resumability-and-redelivery>
final class EventWriter {

  static final Duration KEEP_ALIVE = Duration.ofSeconds(15);

  /// When a client whose connection broke is to come back, in milliseconds.
  private static final int RETRY = 1000;

  private static final byte[] COMMENT = ":\n\n".getBytes(US_ASCII);
  private static final byte[] MESSAGE = "event: message\n".getBytes(US_ASCII);
  private static final byte[] DATA = "data: ".getBytes(US_ASCII);
  private static final byte[] END = "\n\n".getBytes(US_ASCII);

  private final OutputStream out;
  private final boolean ids;

  private EventWriter(OutputStream out, boolean ids) {
    this.out = out;
    this.ids = ids;
  }

  /// A stream that its client can come back for: its events have ids. Where the client's revision
  /// knows of it, the first one only says where to begin; older clients take an event without data
  /// for a broken message.
  static void writeResumable(Reading reading, ProtocolVersion version, OutputStream out)
      throws IOException, InterruptedException {
    var writer = new EventWriter(out, true);
    if (version.compareTo(ProtocolVersion.V2025_11_25) >= 0) {
      String first = "id: %s\nretry: %d\ndata:\n\n".formatted(reading.start(), RETRY);
      writer.write(first.getBytes(US_ASCII));
    } else {
      writer.write(COMMENT);
    }
    writer.follow(reading);
  }

  /// The one stream of a connection of the oldest transport: first it tells where to post to.
  static void writeConnection(Reading reading, String endpoint, OutputStream out)
      throws IOException, InterruptedException {
    var writer = new EventWriter(out, false);
    writer.write("event: endpoint\ndata: %s\n\n".formatted(endpoint).getBytes(UTF_8));
    writer.follow(reading);
  }

  private void follow(Reading reading) throws IOException, InterruptedException {
    while (true) {
      switch (reading.next(KEEP_ALIVE)) {
        case Next.Event event -> write(framed(event));
        case Next.Silence() -> write(COMMENT);
        case Next.End() -> {
          return;
        }
      }
    }
  }

  private void write(byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }

  /// One event; the message on one line, since a line end would end its data.
  private byte[] framed(EventStream.Next.Event event) {
    RawJson message = event.message();
    var framed = new ByteArrayOutputStream(message.length() + 64);
    framed.writeBytes(MESSAGE);
    if (ids) {
      framed.writeBytes(("id: " + event.id() + "\n").getBytes(US_ASCII));
    }
    framed.writeBytes(DATA);
    for (int i = message.from(); i < message.to(); i++) {
      byte b = message.array()[i];
      if (b != '\n' && b != '\r') {
        framed.write(b);
      }
    }
    framed.writeBytes(END);
    return framed.toByteArray();
  }
}
