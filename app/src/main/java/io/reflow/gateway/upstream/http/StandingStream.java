package io.reflow.gateway.upstream.http;

import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.upstream.SideMessages;
import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpResponse.ResponseInfo;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The stream of a session on which the target says what belongs to no call, where it offers one.
/// Opened anew, as the target wants it, whenever its connection ends, until it is closed.
final class StandingStream {

  private static final Logger LOG = LoggerFactory.getLogger(StandingStream.class);

  private static final Duration PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  /// A connection that held for so long was worth its while.
  private static final Duration WORTHWHILE = Duration.ofSeconds(5);

  /// A server that ends every connection at once, without a word, has no stream.
  private static final int MOST_BARREN = 10;

  private static final int MOST_NONSENSE = 100;

  private final String target;
  private final Wire wire;
  private final HttpSession session;
  private final SideMessages sideMessages;
  private final Events events;
  private final int largestMessage;
  private final StreamPosition position = new StreamPosition();
  private final CountDownLatch decided = new CountDownLatch(1);
  private final Thread thread;
  private volatile State state = State.UNKNOWN;
  private volatile boolean opened;
  private volatile boolean closed;
  private volatile boolean said;
  private volatile boolean late;
  private boolean gap;
  private int nonsense;

  StandingStream(Exchange.Surroundings around, HttpSession session, Events events) {
    this.target = around.target();
    this.wire = around.wire();
    this.session = session;
    this.sideMessages = around.sideMessages();
    this.events = events;
    this.largestMessage = around.largestMessage();
    this.thread = Thread.ofVirtual().name("http-" + target + "-stream").unstarted(this::run);
  }

  /// What becomes known beside the messages. Called by the stream's own thread.
  interface Events {

    /// The target has forgotten the session; the stream is over.
    void sessionGone(HttpSession session) throws InterruptedException;

    /// The stream is there again, and what was said meanwhile is lost.
    void missed();
  }

  /// What the last response said.
  private enum State {
    UNKNOWN,
    OPEN,
    NONE,
    GONE,
    LATER
  }

  void start() {
    thread.start();
  }

  /// Waits until the stream is there, or it is known that there is none. Some servers answer with
  /// the first event only: once there is a stream then, what was missed counts as changed.
  void awaitOpen(Duration atMost) throws InterruptedException {
    if (!decided.await(atMost.toNanos(), TimeUnit.NANOSECONDS)) {
      late = true;
    }
  }

  /// Whether the target has said that it has no such stream.
  boolean refused() {
    return state == State.NONE;
  }

  private void run() {
    try {
      int failures = 0;
      int barren = 0;
      while (!closed && state != State.NONE && state != State.GONE) {
        boolean worthwhile = read();
        failures = worthwhile ? 0 : failures + 1;
        barren = worthwhile || state != State.OPEN ? 0 : barren + 1;
        gap = opened && position.lastId().isEmpty();
        if (barren >= MOST_BARREN) {
          state = State.NONE;
        }
        if (state != State.NONE && state != State.GONE) {
          Thread.sleep(pause(failures));
        }
      }
      decided.countDown();
      if (state == State.GONE && !closed) {
        closed = true;
        events.sessionGone(session);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.atWarn()
          .setMessage("The stream of a target has ended")
          .addKeyValue("target", target)
          .setCause(e)
          .log();
    } finally {
      decided.countDown();
    }
  }

  /// Exactly what the target wants, while it answers at all.
  private Duration pause(int failures) {
    Optional<Duration> wanted = position.pause().filter(_ -> state == State.OPEN);
    long grown = PAUSE.toMillis() << Math.min(Math.max(0, failures - 1), 10);
    return wanted.orElse(Duration.ofMillis(Math.min(grown, LONGEST_PAUSE.toMillis())));
  }

  /// False when the connection was not there, or of no use.
  private boolean read() throws InterruptedException {
    long since = System.nanoTime();
    state = State.UNKNOWN;
    said = false;
    try {
      var _ = wire.exchange(wire.stream(session, position.lastId()), this::receive);
    } catch (IOException e) {
      LOG.atDebug()
          .setMessage("The stream of a target broke")
          .addKeyValue("target", target)
          .addKeyValue("reason", Wire.inWords(e))
          .log();
    }
    boolean held = System.nanoTime() - since > WORTHWHILE.toNanos();
    return state == State.OPEN && (held || said || position.lastId().isPresent());
  }

  private BodySubscriber<Boolean> receive(ResponseInfo response) {
    int status = response.statusCode();
    if (status == 200 && Wire.isEventStream(response.headers())) {
      state = State.OPEN;
      opened = true;
      decided.countDown();
      if (gap || late) {
        late = false;
        events.missed();
      }
      return new EventStream(largestMessage, position, new Messages(), () -> {});
    }
    boolean later = (status / 100 == 5 && status != 501) || status == 429 || status == 408;
    if (later) {
      state = State.LATER;
    } else {
      state = (status == 404 || status == 400) && opened ? State.GONE : State.NONE;
    }
    return BodySubscribers.replacing(false);
  }

  private final class Messages implements EventReader.Events {
    @Override
    public void event(String type, byte[] data) {
      said = true;
      if (!type.equals("message") || closed) {
        return;
      }
      try {
        switch (MessageReader.read(data, 0, data.length)) {
          case Message.Notification notification ->
              sideMessages.notification(notification, Optional.empty());
          case Message.Request request -> sideMessages.request(request, Optional.empty());
          case Message.Result _, Message.Failure _ -> nonsense("an answer");
        }
      } catch (MalformedMessage e) {
        nonsense(e.why());
      }
    }

    @Override
    public boolean skip(byte[] beginning) {
      nonsense("a message of more than %d bytes".formatted(largestMessage));
      return true;
    }
  }

  private void nonsense(String what) {
    nonsense++;
    if (nonsense == 1) {
      LOG.atWarn()
          .setMessage("The stream of a target holds what does not belong there: {}")
          .addArgument(what)
          .addKeyValue("target", target)
          .log();
    }
    if (nonsense > MOST_NONSENSE) {
      close();
    }
  }

  /// Idempotent.
  void close() {
    if (!closed) {
      closed = true;
      thread.interrupt();
    }
  }
}
