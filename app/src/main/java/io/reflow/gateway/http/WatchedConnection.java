package io.reflow.gateway.http;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.task.InterruptableTask;
import io.helidon.http.DirectHandler.EventType;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// An HTTP connection that knows what it is waiting for, so that the [Watchdog] can end it when the
/// client is too slow with it.
///
/// All bytes of the client come through [#get()]. A deadline exists only while it waits there, or
/// for the end of a single write: a handler may take as long as it likes, and an answer may stream
/// for hours.
final class WatchedConnection
    implements ServerConnection, InterruptableTask<Void>, Supplier<byte[]> {

  /// What the next bytes of the client belong to.
  private enum Phase {
    NEW,
    HEADERS,
    EXCHANGE,
    IDLE,
    REFUSED,
    UPGRADED
  }

  private static final ScopedValue<WatchedConnection> CURRENT = ScopedValue.newInstance();
  private static final long NOT_WAITING = Long.MAX_VALUE;
  private static final long ENDED = 0;
  private static final long GRACE_MS = 1000;
  private static final long LINGER_MS = 2000;

  private final HelidonSocket socket;
  private final Watchdog watchdog;
  private final Deadlines deadlines;
  private final DataReader reader;
  private final ServerConnection http;

  /// When the watchdog may end the connection. It or the reader swaps it: the first one wins.
  private final AtomicLong deadline = new AtomicLong(NOT_WAITING);

  private volatile Phase phase = Phase.NEW;
  private volatile boolean answered;
  private volatile long endedAt;

  /// Open until the client has been told that it was too slow.
  private volatile @Nullable CountDownLatch farewell;

  private volatile long writtenBy = NOT_WAITING;
  private volatile long endsBy = NOT_WAITING;
  private @Nullable ReadAhead ahead;
  private long headersBy;
  private long lingerBy;
  private long bodyMillisLeft;
  private long bodyBytesLeft;
  private boolean bodyAnnounced;
  private boolean refused;
  private boolean over;

  WatchedConnection(
      ConnectionContext context,
      ServerConnectionSelector selector,
      Watchdog watchdog,
      Deadlines deadlines) {
    this.socket = context.serverSocket();
    this.watchdog = watchdog;
    this.deadlines = deadlines;
    this.headersBy = watchdog.now() + deadlines.headers();
    this.reader = DataReader.create(this);
    this.http = selector.connection(new WatchedContext(context, this));
  }

  DataReader reader() {
    return reader;
  }

  @Override
  public void handle(Limit limit) throws InterruptedException {
    watchdog.watch(this);
    try {
      ScopedValue.where(CURRENT, this).call(() -> run(new ExchangeLimit(limit, this)));
      linger();
    } catch (CloseConnectionException e) {
      linger();
      throw e;
    } finally {
      watchdog.forget(this);
    }
  }

  private @Nullable Void run(Limit limit) throws InterruptedException {
    http.handle(limit);
    return null;
  }

  /// The next bytes of the client.
  ///
  /// @throws CloseConnectionException when there are none: the client has left, or was too slow
  @Override
  public byte[] get() {
    long from = watchdog.now();
    deadline.set(waitUntil(from));
    byte[] bytes = read();
    if (deadline.getAndSet(NOT_WAITING) == ENDED || bytes == null) {
      over = true;
      awaitFarewell();
      throw new CloseConnectionException("the client has left or was too slow");
    }
    account(bytes.length, from);
    return bytes;
  }

  /// Who is late may still send something: this thread would end the connection before the client
  /// is told.
  private void awaitFarewell() {
    CountDownLatch said = farewell;
    if (said == null) {
      return;
    }
    try {
      boolean _ = said.await(GRACE_MS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// The connection whose request the current thread answers.
  static WatchedConnection current() {
    return CURRENT.get();
  }

  /// Whether the current thread is busy with a request whose headers are not complete.
  static boolean currentReadsHeaders() {
    return CURRENT.isBound() && CURRENT.get().phase != Phase.EXCHANGE;
  }

  /// Begins to read the bytes after the current request.
  ReadAhead readAhead() {
    if (ahead == null) {
      ahead = new ReadAhead(this::readSocket);
    }
    return ahead;
  }

  private byte @Nullable [] read() {
    if (ahead == null) {
      return readSocket();
    }
    byte[] bytes = ahead.take();
    ahead = null;
    return bytes;
  }

  private byte @Nullable [] readSocket() {
    try {
      return socket.get();
    } catch (UncheckedIOException _) {
      return null;
    }
  }

  private long waitUntil(long now) {
    if (phase == Phase.IDLE && reader.available() > 0) {
      expectHeaders(now);
    }
    return switch (phase) {
      case NEW, HEADERS -> headersBy;
      case EXCHANGE -> now + bodyMillisLeft;
      case IDLE -> now + deadlines.idle();
      case REFUSED -> lingerBy;
      case UPGRADED -> NOT_WAITING;
    };
  }

  private void account(int bytes, long from) {
    switch (phase) {
      case NEW -> phase = Phase.HEADERS;
      case IDLE -> expectHeaders(watchdog.now());
      case EXCHANGE -> {
        bodyMillisLeft -= watchdog.now() - from;
        bodyBytesLeft -= bytes;
        if (bodyBytesLeft < 0) {
          throw RequestException.builder().type(EventType.PAYLOAD_TOO_LARGE).build();
        }
      }
      case HEADERS, REFUSED, UPGRADED -> {}
    }
  }

  private void expectHeaders(long now) {
    headersBy = now + deadlines.headers();
    phase = Phase.HEADERS;
  }

  /// The headers of a request are complete.
  void received(Headers headers) {
    bodyAnnounced =
        headers.contains(HeaderNames.CONTENT_LENGTH)
            || headers.contains(HeaderNames.TRANSFER_ENCODING);
    bodyMillisLeft = deadlines.body();
    bodyBytesLeft = deadlines.maxBodyBytes();
    answered = false;
    refused = false;
    phase = Phase.EXCHANGE;
  }

  /// An answer begins.
  void answering(Status status) {
    answered = true;
    refused = status.code() >= 400;
  }

  /// The request is read and answered whole.
  void completed() {
    if (phase != Phase.UPGRADED) {
      phase = Phase.IDLE;
    }
  }

  /// The connection speaks another protocol from now on, whose deadlines are kept by others.
  void upgraded() {
    phase = Phase.UPGRADED;
  }

  /// Ends the connection after a while, whatever it is doing then.
  void endAfter(Duration time) {
    endsBy = watchdog.now() + time.toMillis();
  }

  /// The thread is in a single write until [#hasWritten()]. A client that takes no byte of it for
  /// as long as it may be idle is gone for all we know.
  void beginsToWrite() {
    writtenBy = watchdog.now() + deadlines.idle();
  }

  void hasWritten() {
    writtenBy = NOT_WAITING;
  }

  /// Ends the connection if it has been waiting for too long; called by the watchdog.
  ///
  /// @param idleLate the same as `now` for a connection without a request; later than `now` where
  ///   connections are scarce
  void endIfLate(long now, long idleLate) {
    if (writtenBy <= now) {
      closeSocket();
    }
    if (endsBy <= now) {
      closeSocket();
      http.close(true);
    }
    long by = deadline.get();
    if (by == ENDED && now - endedAt > GRACE_MS) {
      http.close(true);
    } else if (by != ENDED && by <= (phase == Phase.IDLE ? idleLate : now)) {
      endedAt = now;
      var said = new CountDownLatch(1);
      farewell = said;
      if (deadline.compareAndSet(by, ENDED)) {
        Thread.ofVirtual().name("http-late-client").start(() -> end(said));
      } else {
        farewell = null;
      }
    }
  }

  private void end(CountDownLatch said) {
    try {
      if (phase == Phase.HEADERS || (phase == Phase.EXCHANGE && !answered)) {
        socket.write(BufferData.create(ErrorRendering.requestTimeout()));
      }
    } catch (UncheckedIOException _) {
      // The client is gone already.
    } finally {
      said.countDown();
      closeSocket();
    }
  }

  private void closeSocket() {
    try {
      socket.close();
    } catch (UncheckedIOException _) {
      // Where the client was faster the socket may stay half open; an interrupt closes it.
      http.close(true);
    }
  }

  /// Reads on for a while after a refusal: closing a socket with unread bytes in it would destroy
  /// the answer on its way to the client.
  private void linger() {
    boolean unread = phase == Phase.HEADERS || (phase == Phase.EXCHANGE && bodyAnnounced);
    if (over || !refused || !unread) {
      return;
    }
    lingerBy = watchdog.now() + LINGER_MS;
    phase = Phase.REFUSED;
    while (!over) {
      drain();
    }
  }

  private void drain() {
    try {
      var _ = get();
    } catch (CloseConnectionException _) {
      over = true;
    }
  }

  /// The watchdog sees to idle connections; the server's own timer would also count streams as
  /// idle.
  @Override
  public Duration idleTime() {
    return Duration.ZERO;
  }

  @Override
  public void close(boolean interrupt) {
    http.close(interrupt);
  }

  @Override
  public boolean canInterrupt() {
    return http instanceof InterruptableTask<?> task && task.canInterrupt();
  }
}
