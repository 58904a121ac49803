package io.reflow.gateway.upstream;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.instance.PodState;
import io.reflow.gateway.protocol.JsonArray;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// An upstream of the `initialize` era some of whose tools can be used as tasks only: it begins
/// these, waits for their end and hands on their result, so that the client sees a call that takes
/// long. Which tools they are, the lists of tools say as they pass.
///
/// See <https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks>
public final class TaskUpstream implements Upstream {

  private static final int MOST_TOOLS = 10_000;
  private static final Duration SHORTEST_POLL = Duration.ofMillis(100);
  private static final Duration USUAL_POLL = Duration.ofSeconds(1);
  private static final Duration LONGEST_POLL = Duration.ofSeconds(10);
  private static final Duration CANCELLING = Duration.ofSeconds(5);

  private final String target;
  private final Upstream upstream;
  private final boolean knowsTasks;
  private final Set<String> onlyAsTasks = ConcurrentHashMap.newKeySet();

  public TaskUpstream(String target, Upstream upstream) {
    this.target = target;
    this.upstream = upstream;
    this.knowsTasks = knowsTasks(upstream.facts());
  }

  private static boolean knowsTasks(ServerFacts facts) {
    try {
      return MessageReader.readObject(facts.capabilities()).find("tasks").isPresent();
    } catch (MalformedMessage _) {
      return false;
    }
  }

  @Override
  public ServerFacts facts() {
    return upstream.facts();
  }

  @Override
  public OptionalLong pid() {
    return upstream.pid();
  }

  @Override
  public Optional<PodState> pod() {
    return upstream.pod();
  }

  @Override
  public boolean hears() {
    return upstream.hears();
  }

  @Override
  public boolean alive() {
    return upstream.alive();
  }

  @Override
  public void follow(Interest interest) throws InterruptedException {
    upstream.follow(interest);
  }

  @Override
  public void tell(byte[] notification) throws InterruptedException {
    upstream.tell(notification);
  }

  @Override
  public void close() {
    upstream.close();
  }

  @Override
  public Answer call(UpstreamCall call, Caller caller) throws InterruptedException {
    if (call.method().equals("tools/call")
        && !onlyAsTasks.isEmpty()
        && call.index().name().filter(onlyAsTasks::contains).isPresent()) {
      return new Task(call, caller).run();
    }
    Answer answer = upstream.call(call, caller);
    if (knowsTasks
        && call.method().equals("tools/list")
        && answer instanceof Answer.Result(var list, _)) {
      learn(list);
    }
    return answer;
  }

  private void learn(RawJson list) {
    try {
      Optional<RawJson> tools = MessageReader.readObject(list).value("tools");
      if (tools.isPresent()) {
        for (RawJson tool : JsonArray.elements(tools.get())) {
          learnTool(tool);
        }
      }
    } catch (MalformedMessage _) {
      // Whoever reads the list for its tools will find the same.
    }
  }

  private void learnTool(RawJson tool) throws MalformedMessage {
    if (!isObject(tool)) {
      return;
    }
    JsonObject definition = MessageReader.readObject(tool);
    Optional<String> name = definition.text("name");
    if (name.isEmpty()) {
      return;
    }
    Optional<RawJson> execution = definition.value("execution").filter(TaskUpstream::isObject);
    boolean only =
        execution.isPresent()
            && MessageReader.readObject(execution.get())
                .text("taskSupport")
                .filter("required"::equals)
                .isPresent();
    if (!only) {
      onlyAsTasks.remove(name.get());
    } else if (onlyAsTasks.size() < MOST_TOOLS) {
      onlyAsTasks.add(name.get());
    }
  }

  private static boolean isObject(RawJson value) {
    return value.array()[value.from()] == '{';
  }

  private UpstreamFailed failed(String what) {
    return new UpstreamFailed(target, what);
  }

  /// One use of such a tool.
  private final class Task {
    private final UpstreamCall call;
    private final Caller caller;
    private final long end;

    Task(UpstreamCall call, Caller caller) {
      this.call = call;
      this.caller = caller;
      this.end = System.nanoTime() + call.maxDuration().toNanos();
    }

    Answer run() throws InterruptedException {
      Answer begun = upstream.call(begin(), caller);
      if (!(begun instanceof Answer.Result(var result, _))) {
        return begun;
      }
      Optional<RawJson> task = read(result).value("task").filter(TaskUpstream::isObject);
      if (task.isEmpty()) {
        return begun;
      }
      JsonObject created = read(task.get());
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

    private UpstreamCall begin() {
      RawJson params =
          new JsonObjectEdit(read(call.params()))
              .set("task", RawJson.of("{\"ttl\":" + call.maxDuration().toMillis() + "}"))
              .apply();
      return call.with(params);
    }

    private JsonObject read(RawJson json) {
      try {
        return MessageReader.readObject(json);
      } catch (MalformedMessage e) {
        throw failed("answered with garbage: " + e.why());
      }
    }

    private Answer await(String id, JsonObject created) throws InterruptedException {
      JsonObject task = created;
      while (System.nanoTime() - end < 0) {
        switch (task.text("status").orElse("")) {
          // While the result is awaited the target may ask what it wants to know.
          case "completed", "failed", "input_required" -> {
            return upstream.call(about("tasks/result", id), caller);
          }
          case "cancelled" -> throw failed("cancelled the task");
          default -> {}
        }
        Thread.sleep(pause(task));
        task =
            switch (upstream.call(about("tasks/get", id), caller)) {
              case Answer.Result(var result, _) -> read(result);
              case Answer.Failure _ -> throw failed("has forgotten the task");
            };
      }
      throw failed("did not finish the task in time");
    }

    private static Duration pause(JsonObject task) {
      OptionalLong wanted =
          task.value("pollInterval").map(Announcements::integer).orElse(OptionalLong.empty());
      long millis = wanted.orElse(USUAL_POLL.toMillis());
      return Duration.ofMillis(
          Math.clamp(millis, SHORTEST_POLL.toMillis(), LONGEST_POLL.toMillis()));
    }

    private UpstreamCall about(String method, String id) {
      Duration left = Duration.ofNanos(Math.max(1, end - System.nanoTime()));
      Duration idle = call.idleTimeout().compareTo(left) < 0 ? call.idleTimeout() : left;
      return new UpstreamCall(method, params(id), call.progressToken(), idle, left);
    }

    private static RawJson params(String id) {
      return RawJson.of("{\"taskId\":" + JsonText.quote(id) + "}");
    }

    private void cancelLater(String id) {
      var cancel =
          new UpstreamCall(
              "tasks/cancel", params(id), OptionalLong.empty(), CANCELLING, CANCELLING);
      Thread.ofVirtual()
          .name("task-cancel-" + target)
          .start(() -> {
            try {
              Answer _ = upstream.call(cancel, Caller.SILENT);
            } catch (InterruptedException _) {
              Thread.currentThread().interrupt();
            } catch (UpstreamFailed _) {
              // It was for the target's sake.
            }
          });
    }
  }
}
