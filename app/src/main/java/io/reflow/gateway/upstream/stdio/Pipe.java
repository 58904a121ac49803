package io.reflow.gateway.upstream.stdio;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Announcements;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.CallsUnderWay;
import io.reflow.gateway.upstream.Envelope;
import io.reflow.gateway.upstream.Patience;
import io.reflow.gateway.upstream.PendingCall;
import io.reflow.gateway.upstream.UpstreamCall;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One child process and the JSON-RPC messages that go to it and come from it, whatever they mean.
/// Its output is read by one thread, which hands each answer to the caller that waits for its id;
/// the ids are ours and never used twice.
final class Pipe {

  private static final Logger LOG = LoggerFactory.getLogger(Pipe.class);

  /// A process that has closed its output is about to end, and how it ended says more. Whoever
  /// waits for an answer hears of it that much later, if it does not end.
  private static final Duration LAST_WORDS = Duration.ofMillis(1500);

  private static final Duration REPLYING = Duration.ofSeconds(5);
  private static final int KEPT_OF_LONG_LINES = 4096;

  /// A process that does not know these yet must not hear that they are taken back.
  private static final Set<String> OPENING = Set.of("initialize", "server/discover");

  private final Settings settings;
  private final Child child;
  private final ErrorOutput errors;
  private final Thread errorReader;
  private final StdioWriter writer;
  private final Nonsense nonsense;
  private final AtomicLong ids = new AtomicLong();
  private final CallsUnderWay calls;
  private volatile Peer peer = Peer.NOBODY;
  private volatile boolean opened;
  private volatile boolean endedItself;
  private volatile @Nullable String ending;

  Pipe(Child child, ErrorOutput errors, Settings settings) {
    this.settings = settings;
    this.child = child;
    this.errors = errors;
    this.calls = new CallsUnderWay(settings.exclusive());
    this.nonsense = new Nonsense(settings.target());
    this.writer = new StdioWriter(child.input(), name("in"));
    this.errorReader = Child.reader(name("err"), errors::read);
    var _ = Child.reader(name("out"), this::read);
  }

  /// @param exclusive all callers are the same user
  record Settings(
      String target,
      boolean exclusive,
      Duration stopGrace,
      int largestMessage,
      Patience patience) {}

  /// What is made of what the process says by itself. Called by the reader thread: must not block.
  interface Peer {

    void notification(Message.Notification notification);

    void request(Message.Request request);

    /// An answer that no call waits for.
    void answered(long id, Answer answer);

    /// Nobody waits for the call any more.
    void over(PendingCall call);

    /// Nothing more will come.
    void ended();

    Peer NOBODY =
        new Peer() {
          @Override
          public void notification(Message.Notification notification) {}

          @Override
          public void request(Message.Request request) {}

          @Override
          public void answered(long id, Answer answer) {}

          @Override
          public void over(PendingCall call) {}

          @Override
          public void ended() {}
        };
  }

  private String name(String stream) {
    return "stdio-" + settings.target() + "-" + child.pid() + "-" + stream;
  }

  String target() {
    return settings.target();
  }

  CallsUnderWay calls() {
    return calls;
  }

  /// Says who hears from now on what the process says by itself.
  void tell(Peer hearing) {
    peer = hearing;
    if (ending != null) {
      hearing.ended();
    }
  }

  /// The process has shown that it can be spoken with; callers share it now.
  void opened() {
    opened = true;
  }

  long nextId() {
    return ids.incrementAndGet();
  }

  long pid() {
    return child.pid();
  }

  boolean alive() {
    return ending == null;
  }

  /// Whether the process has ended before anybody wanted it to.
  boolean endedItself() {
    return endedItself;
  }

  /// Sends a request and waits for its answer; the process is told when nobody waits any more.
  ///
  /// @param message makes the request with its id
  Answer exchange(UpstreamCall call, LongFunction<byte[]> message, Caller caller)
      throws InterruptedException {
    long id = nextId();
    PendingCall waiting = new PendingCall(settings.target(), call, caller);
    byte[] request = message.apply(id);
    calls.add(id, waiting);
    try {
      send(request, waiting);
      return waiting.await(settings.patience());
    } catch (InterruptedException e) {
      cancel(id, call, request, "the client has cancelled it");
      throw e;
    } catch (PendingCall.SilentTooLong e) {
      cancel(id, call, request, "no answer in time");
      throw failed(e.what());
    } finally {
      Optional<PendingCall> _ = calls.remove(id);
      peer.over(waiting);
    }
  }

  private UpstreamFailed failed(String what) {
    return new UpstreamFailed(settings.target(), what);
  }

  private void send(byte[] request, PendingCall waiting) throws InterruptedException {
    String ended = ending;
    if (ended != null) {
      throw failed(ended);
    }
    if (!writer.offer(request, waiting.remaining())) {
      die("does not read its input");
      child.kill();
    }
  }

  private void cancel(long id, UpstreamCall call, byte[] request, String reason) {
    boolean sent = !writer.withdraw(request);
    if (sent && alive() && !OPENING.contains(call.method())) {
      writer.offerNow(Envelope.cancelled(id, reason));
    }
  }

  /// Sends what nobody waits for, unless there is no room for it.
  void sendNow(byte[] message) {
    writer.offerNow(message);
  }

  /// Sends what the process waits for; gives up when there is no room for it for long.
  void reply(byte[] message) throws InterruptedException {
    boolean _ = writer.offer(message, REPLYING.toNanos());
  }

  private void read() {
    String why = "closed its output";
    try {
      LineReader lines =
          new LineReader(child.output(), settings.largestMessage(), KEPT_OF_LONG_LINES);
      boolean open = true;
      while (open) {
        switch (lines.next()) {
          case LineReader.Line.Whole(var line) -> receive(line);
          case LineReader.Line.TooLong(var beginning) -> receiveTooLong(beginning);
          case LineReader.Line.Endless() -> {
            why = "writes a line without an end";
            open = false;
          }
          case LineReader.Line.End() -> open = false;
        }
        if (nonsense.tooMuch()) {
          why = "floods its output with what is no answer";
          open = false;
        }
      }
    } catch (IOException e) {
      why = "can't be read: " + e.getMessage();
    } finally {
      end(why);
    }
  }

  /// The process is of no use without its output.
  private void end(String why) {
    try {
      if (child.awaitExit(LAST_WORDS)) {
        endedItself = ending == null;
        boolean _ = errorReader.join(LAST_WORDS);
        die(child.ending() + lastWords().map(": "::concat).orElse(""));
      } else {
        die(why);
        child.kill();
      }
    } catch (InterruptedException _) {
      die(why);
      child.kill();
      Thread.currentThread().interrupt();
    } finally {
      writer.close();
    }
  }

  /// What the process wrote last, if callers may hear it: once it has served several, the line may
  /// be about another one's call. Admins find it in the list of instances.
  private Optional<String> lastWords() {
    return settings.exclusive() || !opened ? errors.last() : Optional.empty();
  }

  private void die(String why) {
    if (ending == null) {
      ending = why;
    }
    calls.failAll(Optional.ofNullable(ending).orElse(why));
    peer.ended();
  }

  private void receive(byte[] line) {
    if (isBlank(line)) {
      return;
    }
    try {
      switch (MessageReader.read(line, 0, line.length)) {
        case Message.Result(var id, var result) -> settle(id, new Answer.Result(result));
        case Message.Failure(var id, var error) ->
            id.ifPresentOrElse(
                known -> settle(known, new Answer.Failure(error)), nonsense::unasked);
        case Message.Notification notification -> {
          nonsense.unasked();
          peer.notification(notification);
        }
        case Message.Request request -> {
          nonsense.unasked();
          peer.request(request);
        }
      }
    } catch (MalformedMessage e) {
      nonsense.malformed(e.why());
    } catch (RuntimeException e) {
      // One listener's trouble must not end the reader that serves all callers.
      LOG.atError()
          .setMessage("A message could not be delivered")
          .addKeyValue("target", settings.target())
          .setCause(e)
          .log();
    }
  }

  private static boolean isBlank(byte[] line) {
    for (byte b : line) {
      if (b != ' ' && b != '\t' && b != '\r') {
        return false;
      }
    }
    return true;
  }

  private void settle(RawJson id, Answer answer) {
    OptionalLong number = Announcements.integer(id);
    Optional<PendingCall> waiting =
        number.isPresent() ? calls.remove(number.getAsLong()) : Optional.empty();
    if (waiting.isPresent()) {
      waiting.get().answer(answer);
    } else {
      nonsense.unasked();
      number.ifPresent(known -> peer.answered(known, answer));
    }
  }

  private void receiveTooLong(byte[] beginning) {
    OptionalLong id = Announcements.idIn(beginning);
    Optional<PendingCall> waiting =
        id.isPresent() ? calls.remove(id.getAsLong()) : Optional.empty();
    if (waiting.isPresent()) {
      waiting.get().fail("answered with more than %d bytes".formatted(settings.largestMessage()));
    } else {
      nonsense.malformed("a line of more than %d bytes".formatted(settings.largestMessage()));
    }
  }

  void close() {
    die("was stopped");
    writer.close();
    child.end(settings.stopGrace());
  }

  /// Ends it at once.
  void abort() {
    die("was stopped");
    writer.close();
    child.kill();
    child.end(Duration.ZERO);
  }
}
