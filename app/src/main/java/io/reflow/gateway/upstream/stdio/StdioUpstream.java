package io.reflow.gateway.upstream.stdio;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.ErrorCode;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Announcements;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.Envelope;
import io.reflow.gateway.upstream.Handshake;
import io.reflow.gateway.upstream.Interest;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.Patience;
import io.reflow.gateway.upstream.PendingCall;
import io.reflow.gateway.upstream.ServerFacts;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.UpstreamCall;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One child process that speaks MCP over its pipes. Its output is read by one thread, which hands
/// each answer to the caller that waits for its id; the ids are ours and never used twice.
final class StdioUpstream implements Upstream {

  private static final Logger LOG = LoggerFactory.getLogger(StdioUpstream.class);

  private static final Duration LAST_WORDS = Duration.ofMillis(500);
  private static final int LONGEST_PEER_ID = 256;
  private static final int KEPT_OF_LONG_LINES = 4096;

  private final String target;
  private final Child child;
  private final Listener listener;
  private final boolean exclusive;
  private final Duration stopGrace;
  private final int largestMessage;
  private final Patience patience;
  private final ErrorOutput errors;
  private final Thread errorReader;
  private final StdioWriter writer;
  private final Nonsense nonsense;
  private final AtomicLong ids = new AtomicLong();
  private final ConcurrentMap<Long, PendingCall> pending = new ConcurrentHashMap<>();
  private final ConcurrentMap<Long, PendingCall> byToken = new ConcurrentHashMap<>();
  private volatile @Nullable ServerFacts facts;
  private volatile @Nullable String ending;

  StdioUpstream(Child child, ErrorOutput errors, Settings settings) {
    this.target = settings.target();
    this.child = child;
    this.errors = errors;
    this.listener = settings.listener();
    this.exclusive = settings.exclusive();
    this.stopGrace = settings.stopGrace();
    this.largestMessage = settings.largestMessage();
    this.patience = settings.patience();
    this.nonsense = new Nonsense(target);
    this.writer = new StdioWriter(child.input(), name("in"));
    this.errorReader = Thread.ofVirtual().name(name("err")).start(errors::read);
    var _ = Thread.ofVirtual().name(name("out")).start(this::read);
  }

  /// @param exclusive all callers are the same user
  record Settings(
      String target,
      Listener listener,
      boolean exclusive,
      Duration stopGrace,
      int largestMessage,
      Patience patience) {}

  private String name(String stream) {
    return "stdio-" + target + "-" + child.pid() + "-" + stream;
  }

  void shakeHands(Handshake handshake, Duration timeout) throws InterruptedException {
    Answer answer = call(handshake.initialize(timeout), Caller.SILENT);
    facts = handshake.read(answer, Handshake.WITH_SESSIONS);
    writer.offerNow(Handshake.initialized());
  }

  @Override
  public ServerFacts facts() {
    ServerFacts known = facts;
    if (known == null) {
      throw new IllegalStateException("asked before the handshake was done");
    }
    return known;
  }

  @Override
  public OptionalLong pid() {
    return OptionalLong.of(child.pid());
  }

  @Override
  public boolean alive() {
    return ending == null;
  }

  @Override
  public void follow(Interest interest) {}

  @Override
  public Answer call(UpstreamCall call, Caller caller) throws InterruptedException {
    long id = ids.incrementAndGet();
    PendingCall waiting = new PendingCall(target, call, caller);
    byte[] request = Envelope.request(id, call.method(), call.params());
    call.progressToken().ifPresent(token -> expectProgress(token, waiting));
    pending.put(id, waiting);
    try {
      send(request, waiting);
      return waiting.await(patience);
    } catch (InterruptedException e) {
      cancel(id, call, request, "the client has cancelled it");
      throw e;
    } catch (PendingCall.SilentTooLong e) {
      cancel(id, call, request, "no answer in time");
      throw new UpstreamFailed(target, e.what());
    } finally {
      pending.remove(id);
      call.progressToken().ifPresent(byToken::remove);
    }
  }

  private void expectProgress(long token, PendingCall waiting) {
    if (byToken.putIfAbsent(token, waiting) != null) {
      throw new IllegalArgumentException("another call under way has this progress token");
    }
  }

  private void send(byte[] request, PendingCall waiting) throws InterruptedException {
    String ended = ending;
    if (ended != null) {
      throw new UpstreamFailed(target, ended);
    }
    if (!writer.offer(request, waiting.remaining())) {
      die("does not read its input");
      child.kill();
    }
  }

  private void cancel(long id, UpstreamCall call, byte[] request, String reason) {
    boolean sent = !writer.withdraw(request);
    if (sent && alive() && !call.method().equals("initialize")) {
      writer.offerNow(Envelope.cancelled(id, reason));
    }
  }

  private void read() {
    String why = "closed its output";
    try {
      LineReader lines = new LineReader(child.output(), largestMessage, KEPT_OF_LONG_LINES);
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
    return exclusive || facts == null ? errors.last() : Optional.empty();
  }

  private void die(String why) {
    if (ending == null) {
      ending = why;
    }
    pending.values().forEach(waiting -> waiting.fail(Optional.ofNullable(ending).orElse(why)));
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
        case Message.Notification(var method, var params) -> receive(method, params);
        case Message.Request(var id, var method, _) -> refuse(id, method);
      }
    } catch (MalformedMessage e) {
      nonsense.malformed(e.why());
    } catch (RuntimeException e) {
      // One listener's trouble must not end the reader that serves all callers.
      LOG.atError()
          .setMessage("A message could not be delivered")
          .addKeyValue("target", target)
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
    PendingCall waiting = number.isPresent() ? pending.remove(number.getAsLong()) : null;
    if (waiting == null) {
      nonsense.unasked();
    } else {
      waiting.answer(answer);
    }
  }

  private void receive(String method, JsonObject params) {
    switch (method) {
      case "notifications/progress" -> {
        OptionalLong token = Announcements.progressToken(params);
        PendingCall waiting = token.isPresent() ? byToken.get(token.getAsLong()) : null;
        if (waiting == null) {
          nonsense.unasked();
        } else {
          waiting.progress(params.raw());
        }
      }
      case "notifications/message" -> log(params.raw());
      default ->
          Announcements.changedList(method)
              .ifPresentOrElse(listener::listChanged, nonsense::unasked);
    }
  }

  /// Nothing says which call a log message belongs to: it is passed on only where one call of one
  /// user is under way.
  private void log(RawJson params) {
    var calls = pending.values().iterator();
    PendingCall only = exclusive && calls.hasNext() ? calls.next() : null;
    if (only != null && !calls.hasNext()) {
      only.log(params);
    } else {
      nonsense.unasked();
    }
  }

  private void refuse(RawJson id, String method) {
    if (id.length() > LONGEST_PEER_ID) {
      nonsense.unasked();
    } else if (method.equals("ping")) {
      writer.offerNow(Envelope.result(id, RawJson.EMPTY_OBJECT));
    } else {
      writer.offerNow(
          Envelope.error(id, ErrorCode.METHOD_NOT_FOUND.value(), "not supported by this client"));
    }
  }

  private void receiveTooLong(byte[] beginning) {
    OptionalLong id = Announcements.idIn(beginning);
    PendingCall waiting = id.isPresent() ? pending.remove(id.getAsLong()) : null;
    if (waiting == null) {
      nonsense.malformed("a line of more than %d bytes".formatted(largestMessage));
    } else {
      waiting.fail("answered with more than %d bytes".formatted(largestMessage));
    }
  }

  @Override
  public void close() {
    die("was stopped");
    writer.close();
    child.end(stopGrace);
  }

  /// Ends it at once.
  void abort() {
    die("was stopped");
    writer.close();
    child.kill();
    child.end(Duration.ZERO);
  }
}
