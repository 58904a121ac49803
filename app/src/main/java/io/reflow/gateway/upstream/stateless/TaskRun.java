package io.reflow.gateway.upstream.stateless;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Announcements;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.UpstreamCall;
import io.reflow.gateway.upstream.era.StatelessError;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// Waits for the end of a task in the client's place, where a target answers in no other way: the
/// client sees a call that takes long.
final class TaskRun {

  private static final String EXTENSION = "io.modelcontextprotocol/tasks";
  private static final Duration SHORTEST_POLL = Duration.ofMillis(100);
  private static final Duration USUAL_POLL = Duration.ofSeconds(1);
  private static final Duration LONGEST_POLL = Duration.ofSeconds(10);
  private static final Duration CANCELLING = Duration.ofSeconds(5);

  private final StatelessUpstream.Settings settings;
  private final Channel channel;
  private final Rounds rounds;

  TaskRun(StatelessUpstream.Settings settings, Channel channel, Rounds rounds) {
    this.settings = settings;
    this.channel = channel;
    this.rounds = rounds;
  }

  /// Whether the target insists on clients that know tasks.
  static boolean wanted(StatelessError error) {
    try {
      Optional<RawJson> required = error.requiredCapabilities();
      Optional<RawJson> extensions =
          required.isPresent()
              ? MessageReader.readObject(required.get()).value("extensions")
              : Optional.empty();
      return extensions.filter(TaskRun::isObject).isPresent()
          && MessageReader.readObject(extensions.get()).find(EXTENSION).isPresent();
    } catch (MalformedMessage _) {
      return false;
    }
  }

  private static boolean isObject(RawJson value) {
    return value.array()[value.from()] == '{';
  }

  Answer run(UpstreamCall call, Caller caller) throws InterruptedException {
    return rounds.run(call, caller, this::send);
  }

  private Answer send(UpstreamCall call, Caller caller) throws InterruptedException {
    byte[] context = settings.context().of(caller, declared(caller));
    Answer answer = channel.exchange(call, context, caller);
    if (!(answer instanceof Answer.Result(var result, _))) {
      return answer;
    }
    JsonObject task = read(result);
    return task.text("resultType").filter("task"::equals).isPresent()
        ? new Polling(call, caller, context).finish(task)
        : answer;
  }

  /// The caller's capabilities and the extension.
  private static RawJson declared(Caller caller) {
    try {
      JsonObject own =
          MessageReader.readObject(caller.capabilities().json(ProtocolVersion.V2026_07_28));
      Optional<RawJson> extensions = own.value("extensions");
      JsonObject known =
          extensions.isPresent() ? MessageReader.readObject(extensions.get()) : JsonObject.EMPTY;
      RawJson all = new JsonObjectEdit(known).set(EXTENSION, RawJson.EMPTY_OBJECT).apply();
      return new JsonObjectEdit(own).set("extensions", all).apply();
    } catch (MalformedMessage e) {
      throw new IllegalStateException("capabilities that the gateway wrote can't be read", e);
    }
  }

  private JsonObject read(RawJson json) {
    try {
      return MessageReader.readObject(json);
    } catch (MalformedMessage e) {
      throw failed("answered with garbage: " + e.why());
    }
  }

  private UpstreamFailed failed(String what) {
    return new UpstreamFailed(settings.target(), what);
  }

  /// One task, looked after until its end.
  private final class Polling {
    private final UpstreamCall call;
    private final Caller caller;
    private final byte[] context;
    private final Questions questions;
    private final Set<String> answered = new HashSet<>();
    private final long end;

    Polling(UpstreamCall call, Caller caller, byte[] context) {
      this.call = call;
      this.caller = caller;
      this.context = context;
      this.questions = new Questions(settings.target(), caller);
      this.end = System.nanoTime() + call.maxDuration().toNanos();
    }

    Answer finish(JsonObject created) throws InterruptedException {
      String id =
          created.text("taskId").orElseThrow(() -> failed("began a task without naming it"));
      boolean finished = false;
      try {
        Answer answer = await(id, created);
        finished = true;
        return answer;
      } finally {
        if (!finished) {
          cancelLater(id);
        }
      }
    }

    private Answer await(String id, JsonObject created) throws InterruptedException {
      JsonObject task = created;
      while (System.nanoTime() - end < 0) {
        switch (task.text("status").orElse("")) {
          case "completed" -> {
            return new Answer.Result(member(task, "result"), true);
          }
          case "failed" -> {
            return new Answer.Failure(member(task, "error"));
          }
          case "cancelled" -> throw failed("cancelled the task");
          case "input_required" -> give(id, task);
          default -> {}
        }
        Thread.sleep(pause(task));
        task = get(id);
      }
      throw failed("did not finish the task in time");
    }

    private RawJson member(JsonObject task, String name) {
      return task.value(name)
          .filter(TaskRun::isObject)
          .orElseThrow(() -> failed("ended the task without a " + name));
    }

    private static Duration pause(JsonObject task) {
      OptionalLong wanted =
          task.value("pollIntervalMs").map(Announcements::integer).orElse(OptionalLong.empty());
      long millis = wanted.orElse(USUAL_POLL.toMillis());
      return Duration.ofMillis(
          Math.clamp(millis, SHORTEST_POLL.toMillis(), LONGEST_POLL.toMillis()));
    }

    /// Answers what was not answered before; the target may need a while to take note.
    private void give(String id, JsonObject task) throws InterruptedException {
      Optional<RawJson> asked = task.value("inputRequests").filter(TaskRun::isObject);
      if (asked.isEmpty()) {
        return;
      }
      JsonObject requests = read(asked.get());
      var open = new JsonObjectEdit(requests);
      answered.forEach(open::drop);
      Optional<RawJson> responses =
          switch (questions.answer(Optional.of(open.apply()))) {
            case Questions.Reply.NothingAsked() -> Optional.empty();
            case Questions.Reply.Refused() ->
                throw failed("asked for something that the client did not give");
            case Questions.Reply.Given(var given) -> Optional.of(given);
            case Questions.Reply.AcceptedBefore(var given, var wait) -> {
              Thread.sleep(wait);
              yield Optional.of(given);
            }
          };
      requests.members().forEach(member -> answered.add(member.name()));
      if (responses.isPresent()) {
        Answer _ =
            send(
                "tasks/update",
                "{\"taskId\":%s,\"inputResponses\":%s}"
                    .formatted(JsonText.quote(id), responses.get()));
      }
    }

    private JsonObject get(String id) throws InterruptedException {
      return switch (send("tasks/get", "{\"taskId\":%s}".formatted(JsonText.quote(id)))) {
        case Answer.Result(var result, _) -> read(result);
        case Answer.Failure _ -> throw failed("has forgotten the task");
      };
    }

    private Answer send(String method, String params) throws InterruptedException {
      Duration left = Duration.ofNanos(Math.max(1, end - System.nanoTime()));
      Duration idle = call.idleTimeout().compareTo(left) < 0 ? call.idleTimeout() : left;
      var request = new UpstreamCall(method, RawJson.of(params), OptionalLong.empty(), idle, left);
      return channel.exchange(request, context, caller);
    }

    private void cancelLater(String id) {
      var request =
          new UpstreamCall(
              "tasks/cancel",
              RawJson.of("{\"taskId\":%s}".formatted(JsonText.quote(id))),
              OptionalLong.empty(),
              CANCELLING,
              CANCELLING);
      Thread.ofVirtual()
          .name("task-cancel-" + settings.target())
          .start(() -> {
            try {
              Answer _ = channel.exchange(request, context, Caller.SILENT);
            } catch (InterruptedException _) {
              Thread.currentThread().interrupt();
            } catch (UpstreamFailed _) {
              // It was for the target's sake.
            }
          });
    }
  }
}
