package io.reflow.gateway.upstream.sse;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.telemetry.Propagation;
import io.reflow.gateway.upstream.Announcements;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.CallsUnderWay;
import io.reflow.gateway.upstream.SideMessages;
import io.reflow.gateway.upstream.http.EventReader;
import io.reflow.gateway.upstream.http.EventStream;
import io.reflow.gateway.upstream.http.StreamPosition;
import io.reflow.gateway.upstream.http.Wire;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpResponse.ResponseInfo;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The one stream of a session, read by a thread of its own, and the place that it names for
/// messages to the target.
final class SseStream {

  private static final Logger LOG = LoggerFactory.getLogger(SseStream.class);
  private static final int MOST_NONSENSE = 100;

  private final String target;
  private final Wire wire;
  private final CallsUnderWay calls;
  private final SideMessages sideMessages;
  private final int largestMessage;
  private final CountDownLatch decided = new CountDownLatch(1);
  private final AtomicBoolean over = new AtomicBoolean();
  private final Thread thread;
  private volatile Optional<String> ending = Optional.empty();
  private volatile Optional<Wire> endpoint = Optional.empty();
  private int nonsense;

  SseStream(
      String target,
      Wire wire,
      CallsUnderWay calls,
      SideMessages sideMessages,
      int largestMessage) {
    this.target = target;
    this.wire = wire;
    this.calls = calls;
    this.sideMessages = sideMessages;
    this.largestMessage = largestMessage;
    this.thread = Thread.ofVirtual().name("sse-" + target + "-stream").unstarted(this::read);
  }

  /// Waits until the target has said where to send messages.
  void open(Duration atMost) throws InterruptedException {
    thread.start();
    boolean inTime = false;
    try {
      inTime = decided.await(atMost.toNanos(), TimeUnit.NANOSECONDS);
    } finally {
      if (!inTime) {
        end("does not say in time where to send messages");
      }
    }
    if (!alive()) {
      throw new UpstreamFailed(target, ending.orElse("was disconnected"));
    }
  }

  boolean alive() {
    return !over.get();
  }

  /// Why it is over, if it is.
  Optional<String> ending() {
    return ending;
  }

  private void read() {
    try {
      var _ = wire.exchange(wire.stream(), this::receive);
      end("ended its stream");
    } catch (IOException e) {
      end(Wire.inWords(e));
    } catch (InterruptedException _) {
      end("was disconnected");
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.atWarn().setMessage("A stream has ended").addKeyValue("target", target).setCause(e).log();
      end("broke the connection");
    }
  }

  private void end(String why) {
    if (over.compareAndSet(false, true)) {
      ending = Optional.of(why);
      thread.interrupt();
    }
    decided.countDown();
    calls.failAll(ending.orElse(why));
  }

  private BodySubscriber<Boolean> receive(ResponseInfo response) {
    int status = response.statusCode();
    if (status == 200 && Wire.isEventStream(response.headers())) {
      return new EventStream(
          largestMessage,
          new StreamPosition(),
          new Events(),
          () -> end("writes an event without an end"));
    }
    end(
        status == 200
            ? "answered with no event stream"
            : refusal(status).orElse("answered with HTTP " + status));
    return BodySubscribers.replacing(false);
  }

  private static Optional<String> refusal(int status) {
    return status == 401 || status == 403
        ? Optional.of("refuses the gateway's credential (HTTP %d)".formatted(status))
        : Optional.empty();
  }

  private final class Events implements EventReader.Events {
    @Override
    public void event(String type, byte[] data) {
      switch (type) {
        case "endpoint" -> name(new String(data, UTF_8).strip());
        case "message" -> message(data);
        default -> {
          // Means nothing here.
        }
      }
    }

    @Override
    public boolean skip(byte[] beginning) {
      OptionalLong id = Announcements.idIn(beginning);
      if (id.isEmpty() || !fail(id.getAsLong())) {
        nonsense("a message of more than %d bytes".formatted(largestMessage));
      }
      return true;
    }

    private boolean fail(long id) {
      var call = calls.remove(id);
      call.ifPresent(
          waiting -> waiting.fail("answered with more than %d bytes".formatted(largestMessage)));
      return call.isPresent();
    }
  }

  /// Only the first one counts, and only on the same server: everything else would carry secrets to
  /// where no admin sent them.
  private void name(String reference) {
    if (endpoint.isPresent()) {
      return;
    }
    try {
      URI address = wire.address().resolve(reference);
      if (!sameOrigin(wire.address(), address)) {
        end("wants messages sent to another server");
        return;
      }
      endpoint = Optional.of(wire.at(address));
      decided.countDown();
    } catch (IllegalArgumentException _) {
      end("wants messages sent to what is no address");
    }
  }

  private static boolean sameOrigin(URI one, URI other) {
    return one.getScheme().equalsIgnoreCase(other.getScheme())
        && one.getHost().equalsIgnoreCase(Objects.requireNonNullElse(other.getHost(), ""))
        && port(one) == port(other);
  }

  private static int port(URI address) {
    if (address.getPort() >= 0) {
      return address.getPort();
    }
    return address.getScheme().equalsIgnoreCase("https") ? 443 : 80;
  }

  private void message(byte[] data) {
    try {
      switch (MessageReader.read(data, 0, data.length)) {
        case Message.Result(var id, var result) -> settle(id, new Answer.Result(result));
        case Message.Failure(var id, var error) ->
            id.ifPresentOrElse(
                known -> settle(known, new Answer.Failure(error)),
                () -> nonsense("an error of no call"));
        case Message.Notification notification ->
            sideMessages.notification(notification, Optional.empty());
        case Message.Request request -> sideMessages.request(request, Optional.empty());
      }
    } catch (MalformedMessage e) {
      nonsense(e.why());
    }
  }

  /// The answer of a call that was given up comes late and is nothing odd.
  private void settle(RawJson id, Answer answer) {
    OptionalLong number = Announcements.integer(id);
    if (number.isPresent()) {
      calls.remove(number.getAsLong()).ifPresent(call -> call.answer(answer));
    } else {
      nonsense("an answer of no call");
    }
  }

  private void nonsense(String what) {
    nonsense++;
    if (nonsense == 1) {
      LOG.atWarn()
          .setMessage("A target says what can't be understood: {}")
          .addArgument(what)
          .addKeyValue("target", target)
          .log();
    }
    if (nonsense > MOST_NONSENSE) {
      end("floods its stream with what is no answer");
    }
  }

  /// Sends a message; its answer comes on the stream.
  ///
  /// @return why it did not get there
  Optional<String> post(
      byte[] message, Optional<String> version, Propagation trace, Duration atMost)
      throws InterruptedException {
    if (endpoint.isEmpty() || !alive()) {
      return Optional.of(ending.orElse("was disconnected"));
    }
    try {
      int status = endpoint.get().status(message, version, trace, atMost);
      return status / 100 == 2
          ? Optional.empty()
          : refusal(status).or(() -> Optional.of("answered with HTTP " + status));
    } catch (IOException e) {
      return Optional.of(Wire.inWords(e));
    }
  }

  void close() {
    end("was disconnected");
  }
}
