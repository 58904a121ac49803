package io.reflow.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

final class TaskUpstreamTest {

  private static final String LIST =
      "{\"tools\":[{\"name\":\"long\",\"execution\":{\"taskSupport\":\"required\"}},"
          + "{\"name\":\"short\",\"execution\":{\"taskSupport\":\"optional\"}}]}";

  private final List<UpstreamCall> calls = new CopyOnWriteArrayList<>();
  private final Map<String, String> results = new ConcurrentHashMap<>();
  private final Upstream tasks = new TaskUpstream("x", new Server());

  private final class Server implements Upstream {
    @Override
    public ServerFacts facts() {
      return new ServerFacts(
          ProtocolVersion.V2025_11_25,
          RawJson.of("{\"tasks\":{}}"),
          RawJson.EMPTY_OBJECT,
          Optional.empty(),
          Set.of());
    }

    @Override
    public Answer call(UpstreamCall call, Caller caller) {
      calls.add(call);
      return new Answer.Result(RawJson.of(results.getOrDefault(call.method(), "{}")));
    }

    @Override
    public void follow(Interest interest) {}

    @Override
    public boolean alive() {
      return true;
    }

    @Override
    public void close() {}
  }

  private Answer use(String tool) throws InterruptedException {
    return tasks.call(UpstreamFixtures.toolCall(tool, "{}"), Caller.SILENT);
  }

  private void list() throws InterruptedException {
    results.put("tools/list", LIST);
    Answer _ =
        tasks.call(
            new UpstreamCall(
                "tools/list",
                RawJson.EMPTY_OBJECT,
                OptionalLong.empty(),
                Duration.ofSeconds(20),
                Duration.ofSeconds(20)),
            Caller.SILENT);
    calls.clear();
  }

  @Test
  void aToolThatRunsAsATaskOnlyIsAwaited() throws InterruptedException {
    list();
    results.put(
        "tools/call", "{\"task\":{\"taskId\":\"7\",\"status\":\"working\",\"pollInterval\":1}}");
    results.put("tasks/get", "{\"taskId\":\"7\",\"status\":\"completed\"}");
    results.put("tasks/result", "{\"content\":[],\"n\":1.0}");

    assertThat(use("long")).isEqualTo(new Answer.Result(RawJson.of("{\"content\":[],\"n\":1.0}")));

    assertThat(calls)
        .extracting(UpstreamCall::method)
        .containsExactly("tools/call", "tasks/get", "tasks/result");
    assertThat(calls.getFirst().params())
        .hasToString("{\"name\":\"long\",\"arguments\":{},\"task\":{\"ttl\":60000}}");
    assertThat(calls.getLast().params()).hasToString("{\"taskId\":\"7\"}");
  }

  @Test
  void anyOtherToolIsCalledAsItIs() throws InterruptedException {
    list();

    Answer _ = use("short");
    Answer _ = use("unlisted");

    assertThat(calls).extracting(UpstreamCall::method).containsExactly("tools/call", "tools/call");
    assertThat(calls).noneMatch(call -> call.params().toString().contains("task\""));
  }

  @Test
  void aTaskThatTheTargetCancelsFailsTheCall() throws InterruptedException {
    list();
    results.put("tools/call", "{\"task\":{\"taskId\":\"7\",\"status\":\"cancelled\"}}");

    assertThatThrownBy(() -> use("long"))
        .isInstanceOf(UpstreamFailed.class)
        .hasMessage("target 'x' cancelled the task");
  }

  @Test
  void aCancelledCallCancelsItsTask() throws InterruptedException {
    list();
    results.put("tools/call", "{\"task\":{\"taskId\":\"7\",\"status\":\"working\"}}");
    results.put("tasks/get", "{\"taskId\":\"7\",\"status\":\"working\"}");
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              try {
                Answer _ = use("long");
              } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
              }
            });
    UpstreamFixtures.await(
        () -> calls.stream().anyMatch(call -> call.method().equals("tasks/get")));

    caller.interrupt();

    UpstreamFixtures.await(
        () -> calls.stream().anyMatch(call -> call.method().equals("tasks/cancel")));
  }
}
