package io.reflow.gateway.mcp;

import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.EventStream;
import io.reflow.gateway.session.EventStream.Reading;
import io.reflow.gateway.session.Session;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Where what belongs to one request in a session goes. The answer becomes an event stream of its
/// own with the first message before it, and stays plain JSON without one; on a connection of the
/// oldest transport everything goes to the connection's stream.
///
/// A thread of its own writes, so that a slow client holds up nobody. A client that goes away
/// cancels nothing: its stream is kept for when it comes back.
final class SessionStream {

  private static final Logger LOG = LoggerFactory.getLogger(SessionStream.class);

  private final boolean accepted;
  private final Optional<Supplier<OutputStream>> answer;
  private @Nullable Session session;
  private List<RawJson> requests = List.of();
  private @Nullable EventStream stream;
  private @Nullable Thread writer;
  private boolean sealed;
  private BooleanSupplier allowed = () -> true;

  private SessionStream(boolean accepted, Optional<Supplier<OutputStream>> answer) {
    this.accepted = accepted;
    this.answer = answer;
  }

  /// @param accepted whether the client takes event streams
  /// @param open turns the HTTP answer into an event stream; called once at most
  static SessionStream ofAnswer(boolean accepted, Supplier<OutputStream> open) {
    return new SessionStream(accepted, Optional.of(open));
  }

  /// A stream that others use too: that of a connection of the oldest transport, or of a batch.
  static SessionStream shared() {
    return new SessionStream(true, Optional.empty());
  }

  static SessionStream shared(EventStream stream) {
    SessionStream shared = shared();
    shared.over(stream);
    return shared;
  }

  /// Says which stream is shared, if it is a shared one.
  synchronized void over(EventStream others) {
    stream = others;
  }

  /// Says whose request it is.
  ///
  /// @param ids of the request; of several, where they came together
  synchronized void belongsTo(Session its, List<RawJson> ids) {
    session = its;
    requests = ids;
  }

  /// From now on nothing is read of it that the client may not have any more by then.
  synchronized void onlyWhile(BooleanSupplier stillAllowed) {
    allowed = stillAllowed;
  }

  /// Whether the client can be sent anything before the answer.
  boolean accepted() {
    return accepted;
  }

  /// Sends a message, unless it comes too late or the client takes no streams.
  synchronized void send(RawJson message) {
    if (accepted && !sealed) {
      boolean _ = opened().send(message, allowed);
    }
  }

  /// Makes the answer an event stream though there is nothing to say yet; without effect when it is
  /// one, or comes too late to be one, or the client takes none.
  synchronized void commit() {
    if (accepted && !sealed) {
      EventStream _ = opened();
    }
  }

  /// Whether the client is there to be asked, or was until a moment ago.
  synchronized boolean reachable(Duration absence) {
    return accepted && !sealed && opened().unread().compareTo(absence) < 0;
  }

  /// The stream, which the answer becomes with this.
  synchronized EventStream opened() {
    EventStream now = stream;
    if (now == null) {
      now = open(answer.orElseThrow());
      stream = now;
    }
    return now;
  }

  private Session known() {
    if (session == null) {
      throw new IllegalStateException("nothing is sent before the session is known");
    }
    return session;
  }

  private EventStream open(Supplier<OutputStream> open) {
    Session its = known();
    EventStream opened = its.conversation().streams().open(requests);
    Reading reading = opened.read();
    writer =
        Thread.ofVirtual()
            .name("client-stream-" + its.digest())
            .start(() -> write(its, reading, open));
    return opened;
  }

  private static void write(Session session, Reading reading, Supplier<OutputStream> open) {
    try (reading;
        OutputStream out = open.get()) {
      EventWriter.writeResumable(reading, session.version(), out);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException e) {
      LOG.atDebug().setCause(e).log("The client went away while its answer was streamed");
    }
  }

  /// Says that the answer is there: what the target says from now on comes too late.
  ///
  /// @return whether the answer is to be sent with [#finish]
  synchronized boolean seal() {
    sealed = true;
    return writer != null || answer.isEmpty();
  }

  /// Sends the last message, if there is one, and waits until all is written or the client is gone.
  void finish(Optional<RawJson> last) throws InterruptedException {
    EventStream opened;
    synchronized (this) {
      opened = opened();
      last.ifPresent(this::sendLast);
    }
    if (answer.isPresent()) {
      end(opened);
    }
  }

  private void sendLast(RawJson message) {
    boolean _ =
        requests.size() == 1
            ? opened().answer(requests.getFirst(), message, allowed)
            : opened().send(message, allowed);
  }

  /// Ends without an answer, for when nobody is left to give one.
  void abandon() {
    if (seal() && answer.isPresent()) {
      known().conversation().streams().end(opened());
    }
  }

  private void end(EventStream opened) throws InterruptedException {
    known().conversation().streams().end(opened);
    Thread at = writer;
    if (at != null) {
      at.join();
    }
  }
}
