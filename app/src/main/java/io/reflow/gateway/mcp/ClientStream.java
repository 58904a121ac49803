package io.reflow.gateway.mcp;

import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.InputRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a target says while it works on a call, on its way to the client. The answer becomes an
/// event stream with the first such message, and stays plain JSON without one. A thread of its own
/// writes, so that a slow client holds up nobody; what it has no room for is left out.
final class ClientStream implements Caller {

  private static final Logger LOG = LoggerFactory.getLogger(ClientStream.class);
  private static final int ROOM = 256;
  private static final byte[] END = new byte[0];

  private final boolean accepted;
  private final Supplier<OutputStream> open;
  private final BlockingQueue<byte[]> events = new LinkedBlockingQueue<>(ROOM);
  private @Nullable Session session;
  private @Nullable RawJson progressToken;
  private volatile @Nullable Thread writer;
  private boolean sealed;
  private volatile boolean over;

  /// @param accepted whether the client takes event streams
  /// @param open turns the HTTP answer into an event stream; called once at most
  ClientStream(boolean accepted, Supplier<OutputStream> open) {
    this.accepted = accepted;
    this.open = open;
  }

  /// Says what the client wants to hear of; nothing before.
  void expect(Session itsSession, Optional<RawJson> itsProgressToken) {
    session = itsSession;
    progressToken = itsProgressToken.orElse(null);
  }

  @Override
  public void progress(RawJson params) {
    RawJson token = progressToken;
    if (token == null) {
      return;
    }
    try {
      JsonObject progress = MessageReader.readObject(params);
      send(
          "notifications/progress",
          new JsonObjectEdit(progress).set("progressToken", token).apply());
    } catch (MalformedMessage e) {
      LOG.atDebug().addKeyValue("reason", e.why()).log("A progress message was left out");
    }
  }

  @Override
  public void log(RawJson params) {
    Session known = session;
    if (known == null) {
      return;
    }
    try {
      boolean wanted =
          MessageReader.readObject(params)
              .text("level")
              .flatMap(LogLevel::find)
              .map(level -> level.compareTo(known.logLevel()) >= 0)
              .orElse(false);
      if (wanted) {
        send("notifications/message", params);
      }
    } catch (MalformedMessage e) {
      LOG.atDebug().addKeyValue("reason", e.why()).log("A log message was left out");
    }
  }

  @Override
  public Map<String, InputRequest.Answer> ask(List<InputRequest> questions) {
    throw new UnsupportedOperationException("clients are not asked yet");
  }

  @Override
  public ClientCapabilities capabilities() {
    Session known = session;
    return known == null ? ClientCapabilities.NONE : known.capabilities();
  }

  @Override
  public Optional<LogLevel> logLevel() {
    return Optional.ofNullable(session).map(Session::logLevel);
  }

  @Override
  public boolean takesInputRequired() {
    return false;
  }

  private synchronized void send(String method, RawJson params) {
    if (!accepted || sealed || over) {
      return;
    }
    String message =
        "{\"jsonrpc\":\"2.0\",\"method\":\"" + method + "\",\"params\":" + params + "}";
    boolean taken = events.offer(message.getBytes(StandardCharsets.UTF_8));
    if (taken && writer == null) {
      writer = Thread.ofVirtual().name("client-stream").start(this::write);
    }
  }

  /// Says that the answer is there: what the target says from now on comes too late.
  ///
  /// @return whether the answer has become an event stream, and is to be sent with [#finish]
  synchronized boolean seal() {
    sealed = true;
    return writer != null;
  }

  /// Ends without an answer, for when nobody is left to give one.
  void abandon() {
    if (seal()) {
      over = true;
      events.clear();
      boolean _ = events.offer(END);
    }
  }

  /// Sends the last message, if there is one, and waits until all is written.
  void finish(Optional<RawJson> answer) throws InterruptedException {
    Thread at = writer;
    if (at == null) {
      throw new IllegalStateException("the stream was never started");
    }
    if (answer.isPresent()) {
      put(answer.get().toBytes());
    }
    put(END);
    at.join();
  }

  /// Waits for room while anybody is making some.
  private void put(byte[] event) throws InterruptedException {
    while (!over && !events.offer(event, 100, TimeUnit.MILLISECONDS)) {
      // A slow client: the next round waits again.
    }
  }

  private void write() {
    try (OutputStream out = open.get()) {
      for (byte[] event = events.take(); event.length > 0; event = events.take()) {
        out.write(framed(event));
        out.flush();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException e) {
      LOG.atDebug().setCause(e).log("The client went away while its answer was streamed");
    } finally {
      over = true;
    }
  }

  /// One event; a message on one line, since a line end would end its data.
  private static byte[] framed(byte[] message) {
    var out = new ByteArrayOutputStream(message.length + 32);
    out.writeBytes("event: message\ndata: ".getBytes(StandardCharsets.US_ASCII));
    for (byte b : message) {
      if (b != '\n' && b != '\r') {
        out.write(b);
      }
    }
    out.writeBytes("\n\n".getBytes(StandardCharsets.US_ASCII));
    return out.toByteArray();
  }
}
