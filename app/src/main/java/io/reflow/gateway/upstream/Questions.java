package io.reflow.gateway.upstream;

import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.ErrorCode;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.InputRequest.Answer;
import io.reflow.gateway.upstream.SideMessages.Replies;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The requests of a target that wait for a client's answer, each in a thread of its own, which
/// ends with the call that the request belongs to. The target gets the answer under its own id.
final class Questions {

  private static final Logger LOG = LoggerFactory.getLogger(Questions.class);
  private static final int MOST = 4_000;
  private static final int MOST_OF_A_CALL = 32;

  private final String target;
  private final Replies replies;
  private final Semaphore free = new Semaphore(MOST);
  private final Map<RawJson, Open> open = new ConcurrentHashMap<>();

  Questions(String target, Replies replies) {
    this.target = target;
    this.replies = replies;
  }

  /// One that is being asked: first by a thread, then perhaps by nobody until there is an answer.
  private final class Open {
    private final Message.Request request;
    private final PendingCall call;
    private final int number;
    private final ProgressBack progress;
    private final AtomicBoolean left = new AtomicBoolean();
    private volatile @Nullable Thread thread;
    private volatile Caller.Asked asked = Caller.Asked.OVER;
    private volatile boolean stopped;

    Open(Message.Request request, PendingCall call) {
      this.request = request;
      this.call = call;
      this.number = call.nextQuestion();
      this.progress = ProgressBack.of(request, target, replies);
    }

    void start() {
      Thread asking = Thread.ofVirtual().name("ask-" + target + "-" + number).unstarted(this::ask);
      thread = asking;
      asking.start();
    }

    private void ask() {
      try {
        if (stopped) {
          Thread.currentThread().interrupt();
        }
        begin(kind(request.method()).orElse("input") + "-" + number);
      } catch (InterruptedException _) {
        reply(Optional.empty());
      } catch (GatewayException e) {
        reply(Optional.of(refused(e.reason())));
      } catch (RuntimeException e) {
        LOG.atError()
            .setMessage("A client could not be asked")
            .addKeyValue("target", target)
            .setCause(e)
            .log();
        reply(Optional.of(refused("the client could not be asked")));
      } finally {
        thread = null;
      }
    }

    private void begin(String key) throws InterruptedException {
      var question = new InputRequest(key, request.method(), request.params(), progress);
      asked =
          call.caller()
              .ask(List.of(question), answers -> reply(Optional.ofNullable(answers.get(key))));
      if (stopped) {
        asked.takeBack();
      }
    }

    private void reply(Optional<Answer> answer) {
      progress.close();
      try {
        if (open.remove(request.id(), this)) {
          // The call may be over by now; the target is to hear of it all the same.
          boolean _ = Thread.interrupted();
          replies.send(
              answer.map(given -> message(request.id(), given)).orElseGet(() -> rejected(request)));
        }
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      } finally {
        if (left.compareAndSet(false, true)) {
          leave(call);
        }
      }
    }

    void stop() {
      stopped = true;
      Thread asking = thread;
      if (asking != null) {
        asking.interrupt();
      }
      asked.takeBack();
    }
  }

  /// Why a target is not let ask.
  enum Refusal {
    UNSUPPORTED(ErrorCode.METHOD_NOT_FOUND, "not supported by this client"),
    UNDECLARED_MODE(ErrorCode.INVALID_PARAMS, "the client has not declared that it can do this"),
    UNSAFE_PAGE(ErrorCode.INVALID_PARAMS, "users are sent to https pages only"),
    UNKNOWN_CALL(ErrorCode.INTERNAL_ERROR, "it is not known which request this belongs to"),
    TOO_MUCH(ErrorCode.INTERNAL_ERROR, "too many questions at once");

    private final ErrorCode code;
    private final String text;

    Refusal(ErrorCode code, String text) {
      this.code = code;
      this.text = text;
    }

    byte[] message(RawJson id) {
      return Envelope.error(id, code.value(), text);
    }
  }

  /// Why this may not be asked, unless it may.
  static Optional<Refusal> refusal(Message.Request request, Optional<Caller> caller) {
    if (kind(request.method()).isEmpty()) {
      return Optional.of(Refusal.UNSUPPORTED);
    }
    return caller
        .map(asked -> undeclared(request, asked.capabilities()))
        .orElse(Optional.of(Refusal.UNKNOWN_CALL));
  }

  /// What a client must have declared to be asked this.
  static Optional<ClientCapabilities> needed(Message.Request request) {
    JsonObject params = request.params();
    return switch (request.method()) {
      case "elicitation/create" ->
          Optional.of(
              new ClientCapabilities(
                  false,
                  false,
                  false,
                  false,
                  false,
                  !byUrl(params),
                  byUrl(params),
                  Optional.empty()));
      case "sampling/createMessage" ->
          Optional.of(
              new ClientCapabilities(
                  false, false, true, withTools(params), false, false, false, Optional.empty()));
      case "roots/list" ->
          Optional.of(
              new ClientCapabilities(
                  true, false, false, false, false, false, false, Optional.empty()));
      default -> Optional.empty();
    };
  }

  private static boolean byUrl(JsonObject params) {
    return params.text("mode").filter("url"::equals).isPresent();
  }

  private static boolean withTools(JsonObject params) {
    return params.value("tools").isPresent() || params.value("toolChoice").isPresent();
  }

  private static Optional<Refusal> undeclared(Message.Request request, ClientCapabilities client) {
    JsonObject params = request.params();
    return switch (request.method()) {
      case "elicitation/create" ->
          refusal(
                  client.elicitation() || client.elicitationUrl(),
                  byUrl(params) ? client.elicitationUrl() : client.elicitation())
              .or(() -> unsafe(request));
      case "sampling/createMessage" ->
          refusal(client.sampling(), client.samplingTools() || !withTools(params));
      default -> refusal(client.roots(), true);
    };
  }

  private static Optional<Refusal> unsafe(Message.Request request) {
    return PageAddress.unsafe(request.method(), request.params())
        ? Optional.of(Refusal.UNSAFE_PAGE)
        : Optional.empty();
  }

  private static Optional<Refusal> refusal(boolean declared, boolean inThisWay) {
    if (!declared) {
      return Optional.of(Refusal.UNSUPPORTED);
    }
    return inThisWay ? Optional.empty() : Optional.of(Refusal.UNDECLARED_MODE);
  }

  private static Optional<String> kind(String method) {
    return switch (method) {
      case "elicitation/create" -> Optional.of("elicitation");
      case "sampling/createMessage" -> Optional.of("sampling");
      case "roots/list" -> Optional.of("roots");
      default -> Optional.empty();
    };
  }

  /// Asks the caller of `call`; false when too much is being asked already.
  boolean ask(Message.Request request, PendingCall call) {
    if (!enter(call)) {
      return false;
    }
    var question = new Open(request, call);
    if (open.putIfAbsent(request.id(), question) == null) {
      question.start();
      if (call.settled()) {
        stop(request.id(), call);
      }
    } else {
      leave(call);
    }
    return true;
  }

  private boolean enter(PendingCall call) {
    if (!free.tryAcquire()) {
      return false;
    }
    if (call.pause() > MOST_OF_A_CALL) {
      leave(call);
      return false;
    }
    return true;
  }

  private void leave(PendingCall call) {
    call.resume();
    free.release();
  }

  private static Answer refused(String why) {
    return new Answer.Refused(
        RawJson.of(
            "{\"code\":%d,\"message\":%s}"
                .formatted(ErrorCode.INTERNAL_ERROR.value(), JsonText.quote(why))));
  }

  private static byte[] message(RawJson id, Answer answer) {
    return switch (answer) {
      case Answer.Given(var result) -> Envelope.result(id, result);
      case Answer.Refused(var error) -> Envelope.error(id, error);
    };
  }

  /// What the target hears when nobody answers any more.
  private static byte[] rejected(Message.Request request) {
    return switch (request.method()) {
      case "elicitation/create" ->
          Envelope.result(request.id(), RawJson.of("{\"action\":\"cancel\"}"));
      case "sampling/createMessage" ->
          Envelope.error(request.id(), -1, "User rejected sampling request");
      default ->
          Envelope.error(
              request.id(), ErrorCode.INTERNAL_ERROR.value(), "the client did not answer");
    };
  }

  /// The target has taken its request back: it wants no answer.
  void withdraw(RawJson id) {
    Open question = open.remove(id);
    if (question != null) {
      question.stop();
    }
  }

  /// Nobody waits for the call any more.
  void over(PendingCall call) {
    if (open.isEmpty()) {
      return;
    }
    open.keySet().forEach(id -> stop(id, call));
  }

  /// Stops the asking, but never the reply that comes of it: whoever replies has taken the question
  /// out before.
  private void stop(RawJson id, PendingCall call) {
    var _ =
        open.computeIfPresent(
            id,
            (_, question) -> {
              if (question.call == call) {
                question.stop();
              }
              return question;
            });
  }
}
