package io.reflow.gateway.live;

import io.reflow.gateway.audit.StoredEntry;
import io.reflow.gateway.http.Socket;
import io.reflow.gateway.http.Socket.Message;
import io.reflow.gateway.live.Recent.SessionEvent;
import io.reflow.gateway.live.Ring.Page;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.telemetry.Reading;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// One who watches. What is new is looked for some times a second, by the watcher's own thread, and
/// sent; who does not take it in time is dropped.
final class LiveView {

  static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final Duration PAUSE = Duration.ofMillis(200);
  private static final Duration METRICS_EVERY = Duration.ofSeconds(2);

  /// Of one message, and of each list of a snapshot.
  private static final int MOST = 100;

  private final LiveParts parts;
  private final Socket socket;
  private Reading reading;
  private long calls;
  private long errors;
  private long sessions;
  private boolean going = true;

  LiveView(LiveParts parts, Socket socket) {
    this.parts = parts;
    this.socket = socket;
    this.reading = parts.figures().reading();
  }

  /// Answered calls.
  ///
  /// @param missed how many calls before these came too fast to be shown
  public record CallsJson(String type, List<CallJson> calls, long missed) {

    public CallsJson {
      calls = List.copyOf(calls);
    }
  }

  public record SessionEventJson(Instant time, String event, SessionJson session) {}

  /// Sessions that were opened or have ended.
  ///
  /// @param missed how many events before these came too fast to be shown
  public record SessionsJson(String type, List<SessionEventJson> events, long missed) {

    public SessionsJson {
      events = List.copyOf(events);
    }
  }

  public record FiguresJson(String type, Instant time, MetricsJson metrics) {}

  /// The last message, where it does not end for an error.
  public record ClosedJson(String type, String reason) {}

  /// What there is to see now.
  ///
  /// @param earlier what the figures are compared with
  static SnapshotJson snapshot(LiveParts parts, Reading earlier, Reading now) {
    Recent recent = parts.recent();
    return new SnapshotJson(
        "snapshot",
        parts.clock().instant(),
        parts.replica().toString(),
        parts.figures().between(earlier, now),
        latest(parts),
        json(recent.calls().newest(MOST)),
        json(recent.errors().newest(MOST)));
  }

  private static List<SessionJson> latest(LiveParts parts) {
    return parts.sessions().all().stream()
        .map(SessionJson::of)
        .sorted(Comparator.comparing(SessionJson::lastActivity).reversed())
        .limit(MOST)
        .toList()
        .reversed();
  }

  private static List<CallJson> json(Page<StoredEntry> page) {
    return page.values().stream().map(StoredEntry::read).map(CallJson::of).toList();
  }

  /// Has it end soon; may be called by any thread.
  static void end(Socket socket, String reason) {
    socket.end(new ClosedJson("closed", reason), reason);
  }

  /// Returns when it is over.
  ///
  /// @param since the figures of the first message are compared with these
  void run(Reading since) throws InterruptedException {
    begin(since);
    long metricsAt = System.nanoTime() + METRICS_EVERY.toNanos();
    while (going) {
      pause();
      activity();
      sessions();
      if (going && System.nanoTime() - metricsAt >= 0) {
        metricsAt = System.nanoTime() + METRICS_EVERY.toNanos();
        metrics();
      }
    }
  }

  /// What happens while the snapshot is put together is sent after it, perhaps a second time.
  private void begin(Reading since) throws InterruptedException {
    Recent recent = parts.recent();
    calls = recent.calls().newest(0).next();
    errors = recent.errors().newest(0).next();
    sessions = recent.sessions().newest(0).next();
    send(snapshot(parts, since, reading));
  }

  /// Nothing is expected of the client; what it sends ends the connection, as its leaving does.
  private void pause() throws InterruptedException {
    Optional<Message> message = socket.receive(PAUSE);
    if (message.isPresent()) {
      going = false;
      if (!(message.get() instanceof Message.End)) {
        end(socket, "nothing may be sent after the first message");
      }
    }
  }

  private void activity() throws InterruptedException {
    calls = send("activity", parts.recent().calls(), calls);
    errors = send("errors", parts.recent().errors(), errors);
  }

  private long send(String type, Ring<StoredEntry> ring, long from) throws InterruptedException {
    Page<StoredEntry> page = ring.since(from, MOST);
    while (going && page.next() > from) {
      send(new CallsJson(type, json(page), page.missed()));
      from = page.next();
      page = ring.since(from, MOST);
    }
    return from;
  }

  private void sessions() throws InterruptedException {
    Page<SessionEvent> page = parts.recent().sessions().since(sessions, MOST);
    if (going && page.next() > sessions) {
      sessions = page.next();
      send(
          new SessionsJson(
              "sessions", page.values().stream().map(LiveView::json).toList(), page.missed()));
    }
  }

  private static SessionEventJson json(SessionEvent event) {
    Session session = event.session();
    return new SessionEventJson(event.time(), event.event(), SessionJson.of(session));
  }

  private void metrics() throws InterruptedException {
    Reading now = parts.figures().reading();
    send(
        new FiguresJson("metrics", parts.clock().instant(), parts.figures().between(reading, now)));
    reading = now;
  }

  private void send(Object json) throws InterruptedException {
    if (!socket.send(json, PATIENCE)) {
      going = false;
      end(socket, "too slow to take what is sent");
    }
  }
}
