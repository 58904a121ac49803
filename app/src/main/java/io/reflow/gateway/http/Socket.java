package io.reflow.gateway.http;

import io.helidon.common.buffers.BufferData;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.websocket.WsCloseCodes;
import io.helidon.websocket.WsListener;
import io.helidon.websocket.WsSession;
import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.fault.GatewayException.Unavailable;
import io.reflow.gateway.telemetry.TraceId;
import jakarta.json.bind.annotation.JsonbPropertyOrder;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One WebSocket and its messages, in bounded memory: who is slow holds up the other side.
///
/// A [SocketHandler] serves it on a thread of its own. What is sent goes through one writer, since
/// the server's own session is not for several threads; pings are answered by it too.
public final class Socket {

  private static final Logger LOG = LoggerFactory.getLogger(Socket.class);

  /// Of one message, however many frames it has.
  static final int LARGEST_MESSAGE = 64 << 10;

  private static final int WAITING = 4;

  /// How long a client may take to take what is left and to say goodbye.
  private static final Duration GOODBYE = Duration.ofSeconds(2);

  private static final int LONGEST_REASON = 100;

  private final WatchedConnection connection;
  private final Function<String, String> path;
  private final String peer;
  private final TraceId traceId;
  private final BlockingQueue<Message> inbox = new ArrayBlockingQueue<>(WAITING);
  private final BlockingQueue<Outgoing> outbox = new ArrayBlockingQueue<>(WAITING);
  private volatile boolean over;
  private volatile boolean closing;
  private volatile @Nullable Runnable whenOver;

  Socket(
      WatchedConnection connection, Function<String, String> path, String peer, TraceId traceId) {
    this.connection = connection;
    this.path = path;
    this.peer = peer;
    this.traceId = traceId;
  }

  /// What a client has sent.
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  public sealed interface Message {

    record Text(String text) implements Message {

      /// The text bound to a record, as the body of a request is.
      ///
      /// @throws io.reflow.gateway.fault.GatewayException.InvalidRequest naming the field
      public <T> T as(Class<T> type) {
        return JsonBody.read(text.getBytes(StandardCharsets.UTF_8), type);
      }
    }

    record Binary(byte[] bytes) implements Message {}

    /// Nothing more will come.
    record End() implements Message {}
  }

  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  private sealed interface Outgoing {

    record Text(String text) implements Outgoing {}

    record Binary(byte[] bytes) implements Outgoing {}

    record Pong(byte[] bytes) implements Outgoing {}

    record Close(int code, String reason) implements Outgoing {}
  }

  /// A path parameter that is a UUID; what is none names nothing.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.NotFound when it is no UUID
  public UUID id(String name) {
    return Exchange.uuid(path.apply(name));
  }

  /// The address of the peer: the client's, or that of a proxy in front of the gateway.
  public String peer() {
    return peer;
  }

  /// Names this socket in its error message, the logs and the audit.
  public TraceId traceId() {
    return traceId;
  }

  /// The next message; empty when there is none for so long.
  public Optional<Message> receive(Duration atMost) throws InterruptedException {
    @Nullable Message message =
        over && inbox.isEmpty()
            ? new Message.End()
            : inbox.poll(Math.max(0, atMost.toNanos()), TimeUnit.NANOSECONDS);
    return Optional.ofNullable(message);
  }

  /// Whether there is a message that [#receive] would give at once.
  public boolean pending() {
    return !inbox.isEmpty();
  }

  /// Sends JSON; waits while the client is slow. False when the socket is over or closing.
  public boolean send(Object json) throws InterruptedException {
    return put(text(json));
  }

  /// The same, but false as well when the client is so slow that there is no room in time.
  public boolean send(Object json, Duration atMost) throws InterruptedException {
    return !over
        && !closing
        && outbox.offer(text(json), atMost.toNanos(), TimeUnit.NANOSECONDS)
        && !over;
  }

  private static Outgoing text(Object json) {
    return new Outgoing.Text(new String(JsonBody.write(json), StandardCharsets.UTF_8));
  }

  /// Sends bytes; otherwise the same.
  public boolean send(byte[] bytes) throws InterruptedException {
    return put(new Outgoing.Binary(bytes));
  }

  private boolean put(Outgoing message) throws InterruptedException {
    if (over || closing) {
      return false;
    }
    outbox.put(message);
    return !over;
  }

  /// Has [#receive] give the end, whatever the client does.
  public void stopReceiving() {
    boolean _ = inbox.offer(new Message.End());
  }

  /// `action` runs when the client has left, on another thread, or at once if it has already; it
  /// must be short.
  public void whenOver(Runnable action) {
    whenOver = action;
    if (over) {
      action.run();
    }
  }

  /// Ends it from any thread, without waiting: `last` is sent in place of what has not left yet.
  public void end(Object last, String reason) {
    if (closing) {
      return;
    }
    closing = true;
    connection.endAfter(GOODBYE);
    outbox.clear();
    boolean _ = outbox.offer(text(last));
    boolean _ = outbox.offer(new Outgoing.Close(WsCloseCodes.NORMAL_CLOSE, cut(reason)));
    stopReceiving();
  }

  /// The last message of a socket that could not be served.
  @JsonbPropertyOrder({"type", "error", "code", "traceId"})
  public record ErrorJson(String type, String error, String code, String traceId) {}

  /// Tells the client what went wrong, as an answer of the REST API does, and closes.
  public void refuse(GatewayException failure) throws InterruptedException {
    Refusal refusal = ErrorRendering.refusal(failure);
    boolean _ = send(new ErrorJson("error", refusal.reason(), refusal.code(), traceId.value()));
    boolean later = failure instanceof Overloaded || failure instanceof Unavailable;
    close(later ? WsCloseCodes.TRY_AGAIN_LATER : WsCloseCodes.VIOLATED_POLICY, refusal.code());
  }

  /// Closes in good order, once what was sent before has left; the connection ends soon, whatever
  /// the client does.
  public void close(String reason) {
    close(WsCloseCodes.NORMAL_CLOSE, reason);
  }

  private void close(int code, String reason) {
    if (closing) {
      return;
    }
    closing = true;
    connection.endAfter(GOODBYE);
    var last = new Outgoing.Close(code, cut(reason));
    try {
      if (!outbox.offer(last, GOODBYE.toMillis(), TimeUnit.MILLISECONDS)) {
        connection.endAfter(Duration.ZERO);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      connection.endAfter(Duration.ZERO);
    }
  }

  private static String cut(String reason) {
    return reason.length() <= LONGEST_REASON ? reason : reason.substring(0, LONGEST_REASON);
  }

  WsListener listener(SocketHandler handler) {
    return new Reader(handler);
  }

  /// Begins to write, and to be served.
  private void begin(WsSession session, SocketHandler handler) {
    Thread.ofVirtual().name("websocket-out").start(() -> write(session));
    Thread.ofVirtual().name("websocket").start(() -> serve(handler));
  }

  private void serve(SocketHandler handler) {
    try {
      handler.serve(this);
      close("");
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.atError().setCause(e).addKeyValue("traceId", traceId).log("A WebSocket failed");
      close(WsCloseCodes.UNEXPECTED_CONDITION, "the gateway failed; its log says why");
    }
  }

  private void write(WsSession session) {
    try {
      boolean open = true;
      while (open && !over) {
        open = write(session, outbox.take());
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException _) {
      // The client is gone; whoever reads finds out too.
      connection.endAfter(Duration.ZERO);
    } finally {
      closing = true;
      outbox.clear();
    }
  }

  private static boolean write(WsSession session, Outgoing message) {
    switch (message) {
      case Outgoing.Text(var text) -> {
        var _ = session.send(text, true);
      }
      case Outgoing.Binary(var bytes) -> {
        var _ = session.send(BufferData.create(bytes), true);
      }
      case Outgoing.Pong(var bytes) -> {
        var _ = session.pong(BufferData.create(bytes));
      }
      case Outgoing.Close(var code, var reason) -> {
        var _ = session.close(code, reason);
        return false;
      }
    }
    return true;
  }

  /// The connection is at its end.
  void ended() {
    over = true;
    stopReceiving();
    outbox.clear();
    // Wakes the writer, if it waits for something to write.
    boolean _ = outbox.offer(new Outgoing.Pong(new byte[0]));
    Runnable action = whenOver;
    if (action != null) {
      action.run();
    }
  }

  /// Puts fragments together and hands messages over. Called by the thread that reads.
  private final class Reader implements WsListener {

    private final ByteArrayOutputStream parts = new ByteArrayOutputStream();
    private final SocketHandler handler;

    Reader(SocketHandler handler) {
      this.handler = handler;
    }

    @Override
    public void onOpen(WsSession session) {
      begin(session, handler);
    }

    @Override
    public void onMessage(WsSession session, String text, boolean last) {
      add(text.getBytes(StandardCharsets.UTF_8));
      if (last) {
        hand(new Message.Text(parts.toString(StandardCharsets.UTF_8)));
      }
    }

    @Override
    public void onMessage(WsSession session, BufferData buffer, boolean last) {
      add(bytes(buffer));
      if (last) {
        hand(new Message.Binary(parts.toByteArray()));
      }
    }

    private void add(byte[] part) {
      if (parts.size() + part.length > LARGEST_MESSAGE) {
        close(WsCloseCodes.TOO_BIG, "a message is larger than %d bytes".formatted(LARGEST_MESSAGE));
        parts.reset();
        throw new CloseConnectionException("the client has sent too large a message");
      }
      parts.writeBytes(part);
    }

    private void hand(Message message) {
      parts.reset();
      try {
        inbox.put(message);
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
        throw new CloseConnectionException("the gateway is stopping");
      }
    }

    @Override
    public void onPing(WsSession session, BufferData buffer) {
      // One that is not answered for want of room is followed by others.
      boolean _ = outbox.offer(new Outgoing.Pong(bytes(buffer)));
    }

    private static byte[] bytes(BufferData buffer) {
      byte[] bytes = new byte[buffer.available()];
      int _ = buffer.read(bytes);
      return bytes;
    }
  }
}
