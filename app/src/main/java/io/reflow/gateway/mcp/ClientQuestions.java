package io.reflow.gateway.mcp;

import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.ErrorCode;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Question;
import io.reflow.gateway.session.Questions;
import io.reflow.gateway.upstream.InputRequest;
import io.reflow.gateway.upstream.InputRequest.Answer;
import io.reflow.gateway.upstream.PageAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/// Puts a target's questions to the client of a call, on the stream of that call, and waits for the
/// answers that the client posts. What the client did not declare is refused in its place.
///
/// See <https://modelcontextprotocol.io/specification/2025-11-25/client/elicitation>
final class ClientQuestions {

  /// How long a client may be away while it is asked.
  private static final Duration ABSENCE = Duration.ofSeconds(60);

  /// A target that asks again for what the user has just agreed to is still waiting for the user to
  /// be done on that page.
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);

  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
  private static final Duration AGREED = Duration.ofMinutes(5);
  private static final RawJson ACCEPT = RawJson.of("{\"action\":\"accept\"}");

  private final Questions questions;
  private final ClientCapabilities capabilities;
  private final SessionStream stream;
  private final Supplier<Optional<String>> label;
  private final Patience patience;
  private final Map<String, Agreed> agreed = new ConcurrentHashMap<>();
  private final Set<Question> open = ConcurrentHashMap.newKeySet();

  /// @param stream the call's own, opened with the first question
  /// @param label names the target to a user who may not know which one asks
  ClientQuestions(
      Questions questions,
      ClientCapabilities capabilities,
      SessionStream stream,
      Supplier<Optional<String>> label,
      Patience patience) {
    this.questions = questions;
    this.capabilities = capabilities;
    this.stream = stream;
    this.label = label;
    this.patience = patience;
  }

  /// How long a client may take to answer.
  ///
  /// @param silent without a sign of life
  /// @param longest in any case
  record Patience(Duration silent, Duration longest) {}

  /// A page that the user has agreed to open, and how long to wait before that is said again.
  private record Agreed(long since, Duration pause) {

    boolean lately() {
      return System.nanoTime() - since < AGREED.toNanos();
    }

    Agreed again() {
      Duration longer = pause.multipliedBy(2);
      return new Agreed(since, longer.compareTo(LONGEST_PAUSE) < 0 ? longer : LONGEST_PAUSE);
    }
  }

  Map<String, Answer> ask(List<InputRequest> requests) throws InterruptedException {
    Map<String, Answer> answers = new LinkedHashMap<>();
    List<Asked> asked = new ArrayList<>();
    try {
      for (InputRequest request : requests) {
        Optional<Answer> known = withoutAsking(request);
        if (known.isPresent()) {
          answers.put(request.key(), known.get());
        } else {
          asked.add(put(request));
        }
      }
      for (Asked each : asked) {
        answers.put(each.request().key(), await(each));
      }
      return answers;
    } finally {
      asked.forEach(each -> close(each.question()));
    }
  }

  /// Takes back all that is not answered, since the call is over.
  void withdraw() {
    open.forEach(this::close);
  }

  private record Asked(InputRequest request, Question question) {}

  private Optional<Answer> withoutAsking(InputRequest request) throws InterruptedException {
    Optional<Answer> refusal = refusal(request);
    if (refusal.isPresent()) {
      return refusal;
    }
    Agreed before = agreed.get(page(request));
    if (before == null || !before.lately()) {
      return Optional.empty();
    }
    Thread.sleep(before.pause());
    agreed.put(page(request), before.again());
    return Optional.of(new Answer.Given(ACCEPT));
  }

  private Optional<Answer> refusal(InputRequest request) {
    JsonObject params = request.params();
    return switch (request.method()) {
      case "roots/list" -> refusedUnless(capabilities.roots(), request);
      case "sampling/createMessage" -> {
        boolean withTools =
            params.find("tools").isPresent() || params.find("toolChoice").isPresent();
        yield refusedUnless(capabilities.sampling(), request)
            .or(() ->
                withTools && !capabilities.samplingTools()
                    ? refused(ErrorCode.INVALID_PARAMS, "the client does not sample with tools")
                    : Optional.empty());
      }
      case "elicitation/create" -> {
        boolean url = byUrl(params);
        boolean declared = url ? capabilities.elicitationUrl() : capabilities.elicitation();
        yield refusedUnless(capabilities.elicitation() || capabilities.elicitationUrl(), request)
            .or(() ->
                declared
                    ? Optional.empty()
                    : refused(
                        ErrorCode.INVALID_PARAMS,
                        "the client does not take this mode of elicitation"))
            .or(() ->
                PageAddress.unsafe(request.method(), params)
                    ? refused(ErrorCode.INVALID_PARAMS, "users are sent to https pages only")
                    : Optional.empty());
      }
      default -> refusedUnless(false, request);
    };
  }

  private static Optional<Answer> refusedUnless(boolean declared, InputRequest request) {
    return declared
        ? Optional.empty()
        : refused(
            ErrorCode.METHOD_NOT_FOUND,
            "the client does not support " + Refusals.quoted(request.method()));
  }

  private static Optional<Answer> refused(ErrorCode code, String why) {
    return Optional.of(
        new Answer.Refused(
            RawJson.of(
                "{\"code\":%d,\"message\":%s}".formatted(code.value(), JsonText.quote(why)))));
  }

  private static boolean byUrl(JsonObject params) {
    return params.text("mode").filter("url"::equals).isPresent();
  }

  /// What tells a page from others, for a target that gives its questions no id.
  private static String page(InputRequest request) {
    JsonObject params = request.params();
    boolean page =
        request.method().equals("elicitation/create")
            && byUrl(params)
            && params.find("elicitationId").isEmpty();
    return page ? params.text("url").orElse("") : "";
  }

  private Asked put(InputRequest request) {
    Question question = questions.begin();
    open.add(question);
    question.onProgress(request.progress());
    if (byUrl(request.params())) {
      request.params().text("elicitationId").ifPresent(questions::sentTo);
    }
    var asked = new Asked(request, question);
    try {
      String message =
          "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":%s,\"params\":%s}"
              .formatted(
                  question.id(), JsonText.quote(request.method()), params(request, question));
      stream.send(RawJson.of(message));
      return asked;
    } catch (RuntimeException e) {
      close(question);
      throw e;
    }
  }

  /// As the target wrote them, but for what belongs to its connection to the gateway.
  private RawJson params(InputRequest request, Question question) {
    JsonObject params = request.params();
    var edit = new JsonObjectEdit(params).drop("task");
    edit.set("_meta", meta(params, question));
    if (request.method().equals("elicitation/create")) {
      params
          .text("message")
          .flatMap(text -> label.get().map(name -> "[" + name + "] " + text))
          .ifPresent(text -> edit.set("message", JsonText.string(text)));
      if (byUrl(params) && params.find("elicitationId").isEmpty()) {
        edit.set("elicitationId", JsonText.string(UUID.randomUUID().toString()));
      }
    }
    return edit.apply();
  }

  private static RawJson meta(JsonObject params, Question question) {
    JsonObject meta = JsonObject.EMPTY;
    try {
      Optional<RawJson> given = params.value("_meta");
      if (given.isPresent()) {
        meta = MessageReader.readObject(given.get());
      }
    } catch (MalformedMessage _) {
      // What is no object says nothing.
    }
    return new JsonObjectEdit(meta)
        .drop("io.modelcontextprotocol/related-task")
        .set("progressToken", question.id())
        .apply();
  }

  private Answer await(Asked asked) throws InterruptedException {
    Optional<Answer> answer =
        asked
            .question()
            .await(patience.silent(), patience.longest(), () -> stream.reachable(ABSENCE));
    if (answer.isEmpty()) {
      return refused(ErrorCode.INTERNAL_ERROR, "the client did not answer in time").orElseThrow();
    }
    remember(asked.request(), answer.get());
    return answer.get();
  }

  private void remember(InputRequest request, Answer answer) {
    String page = page(request);
    if (page.isEmpty()) {
      return;
    }
    if (accepted(answer)) {
      agreed.put(page, new Agreed(System.nanoTime(), FIRST_PAUSE));
    } else {
      agreed.remove(page);
    }
  }

  private static boolean accepted(Answer answer) {
    try {
      return answer instanceof Answer.Given(var result)
          && MessageReader.readObject(result).text("action").filter("accept"::equals).isPresent();
    } catch (MalformedMessage _) {
      return false;
    }
  }

  /// What nobody waits for any more is withdrawn.
  private void close(Question question) {
    if (!open.remove(question)) {
      return;
    }
    question.close();
    if (!question.answered()) {
      String withdrawn =
          "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":%s}}"
              .formatted(question.id());
      stream.send(RawJson.of(withdrawn));
    }
  }
}
