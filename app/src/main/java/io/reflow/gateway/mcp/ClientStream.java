package io.reflow.gateway.mcp;

import io.reflow.gateway.protocol.RawJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a target says while it works on a call, on its way to the client. The answer becomes an
/// event stream with the first such message, or when it takes long, and stays plain JSON without.
/// While nothing happens a comment is sent now and then, so that nobody takes the stream for dead.
/// A thread of its own writes, so that a slow client holds up nobody; what it has no room for is
/// left out.
final class ClientStream {

  private static final Logger LOG = LoggerFactory.getLogger(ClientStream.class);
  private static final int ROOM = 256;

  /// Bytes that may wait for a slow client before further notifications are left out.
  private static final long MOST_WAITING = 1 << 20;

  private static final long KEEP_ALIVE_SECONDS = 15;
  private static final byte[] END = new byte[0];
  private static final byte[] COMMENT = ":\n\n".getBytes(StandardCharsets.US_ASCII);

  private final boolean accepted;
  private final Supplier<OutputStream> open;
  private final BlockingQueue<byte[]> events = new LinkedBlockingQueue<>(ROOM);
  private final AtomicLong waiting = new AtomicLong();
  private volatile @Nullable Thread writer;
  private boolean sealed;
  private volatile boolean over;

  /// @param accepted whether the client takes event streams
  /// @param open turns the HTTP answer into an event stream; called once at most
  ClientStream(boolean accepted, Supplier<OutputStream> open) {
    this.accepted = accepted;
    this.open = open;
  }

  /// Whether the client takes event streams.
  boolean accepted() {
    return accepted;
  }

  /// Sends a notification, unless it comes too late or the client takes no streams.
  synchronized void send(RawJson message) {
    if (accepted && !sealed && !over) {
      offer(framed(message.toBytes()));
    }
  }

  /// The same with a message that is put together here.
  void send(String method, RawJson params) {
    send(
        RawJson.of(
            "{\"jsonrpc\":\"2.0\",\"method\":\"" + method + "\",\"params\":" + params + "}"));
  }

  /// Makes the answer an event stream though there is nothing to say yet; without effect when it is
  /// one, or comes too late to be one, or the client takes none.
  synchronized void commit() {
    if (accepted && !sealed && !over && writer == null) {
      offer(COMMENT);
    }
  }

  private void offer(byte[] event) {
    if (waiting.get() > MOST_WAITING) {
      return;
    }
    boolean taken = events.offer(event);
    if (taken) {
      waiting.addAndGet(event.length);
    }
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
      put(framed(answer.get().toBytes()));
    }
    put(END);
    at.join();
  }

  /// Waits for room while anybody is making some.
  private void put(byte[] event) throws InterruptedException {
    waiting.addAndGet(event.length);
    while (!over && !events.offer(event, 100, TimeUnit.MILLISECONDS)) {
      // A slow client: the next round waits again.
    }
  }

  private void write() {
    try (OutputStream out = open.get()) {
      for (byte[] event = next(); event.length > 0; event = next()) {
        out.write(event);
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

  private byte[] next() throws InterruptedException {
    byte[] event = events.poll(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS);
    if (event == null) {
      return COMMENT;
    }
    waiting.addAndGet(-event.length);
    return event;
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
