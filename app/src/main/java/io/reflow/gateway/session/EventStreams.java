package io.reflow.gateway.session;

import io.reflow.gateway.protocol.RawJson;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The event streams of one session: the general one, and one for each request whose answer became
/// a stream. A message goes to just one of them.
public final class EventStreams {

  /// Streams whose request is answered, and all that they hold together: a client that comes back
  /// for more than that is answered as if it had come too late.
  private static final int MOST_ENDED = 32;

  private static final long MOST_ENDED_BYTES = 8L << 20;

  private static final long FIRST_LIFE = 36L * 36 * 36 * 36 * 36;

  private static final String GENERAL = "0";

  /// How the streams of any life of a session are called.
  private static final Pattern NAME = Pattern.compile("[0-9a-z]{6}\\.(\\d+)");

  /// Tells these streams from those that the session had in the memory of another process.
  private final String life =
      Long.toString(ThreadLocalRandom.current().nextLong(FIRST_LIFE, 36 * FIRST_LIFE), 36) + ".";

  private final InstantSource clock;
  private final EventStream general;
  private final AtomicLong names = new AtomicLong();
  private final Map<String, EventStream> requests = new ConcurrentHashMap<>();
  private volatile boolean over;

  EventStreams(InstantSource clock) {
    this.clock = clock;
    this.general = new EventStream(life + GENERAL, clock);
  }

  /// What belongs to no request.
  public EventStream general() {
    return general;
  }

  /// Opens a stream for the answers to requests.
  ///
  /// @param ids of the requests
  public EventStream open(Collection<RawJson> ids) {
    var stream = new EventStream(life + names.incrementAndGet(), ids, 0, clock);
    requests.put(stream.name(), stream);
    if (over) {
      end();
    }
    return stream;
  }

  /// Ends the stream of a request that is answered; its client may come back for it for a while.
  public void end(EventStream stream) {
    stream.end();
    forget();
  }

  /// Goes on with a stream behind the event of that id, if there is such a stream still. Of what
  /// the session sent from the memory of another process nothing is left: its general stream begins
  /// anew, and who waits for the answer to a request is told that it is lost.
  public Optional<EventStream.Reading> resume(String lastEventId) {
    return EventId.read(lastEventId).flatMap(this::resume);
  }

  private Optional<EventStream.Reading> resume(EventId last) {
    Matcher parts = NAME.matcher(last.stream());
    if (parts.matches() && !last.stream().startsWith(life)) {
      return Optional.of(parts.group(1).equals(GENERAL) ? general.read() : lost(last));
    }
    return find(last.stream()).map(stream -> stream.readAfter(last.number()));
  }

  /// The events go on behind the last one that the client has: when it comes back once more, it has
  /// been told.
  private EventStream.Reading lost(EventId last) {
    var stream = new EventStream(last.stream(), last.unanswered(), last.number(), clock);
    last.unanswered()
        .forEach(id -> {
          boolean _ = stream.answer(id, LostAnswer.to(id), () -> true);
        });
    stream.end();
    return stream.readAfter(last.number());
  }

  private Optional<EventStream> find(String name) {
    return name.equals(general.name())
        ? Optional.of(general)
        : Optional.ofNullable(requests.get(name)).filter(stream -> !stream.forgotten());
  }

  /// Lets go of what nobody comes back for: what ended long ago, and what is too much.
  void forget() {
    requests.values().removeIf(EventStream::forgotten);
    long left = MOST_ENDED_BYTES;
    int count = 0;
    for (EventStream stream :
        requests.values().stream()
            .filter(EventStream::ended)
            .sorted(Comparator.comparing(EventStream::lastChange).reversed())
            .toList()) {
      left -= stream.size();
      if (++count > MOST_ENDED || left < 0) {
        requests.remove(stream.name(), stream);
      }
    }
  }

  /// Ends all of them, since the session is over.
  void end() {
    over = true;
    general.end();
    requests.values().forEach(EventStream::end);
  }
}
