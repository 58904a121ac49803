package io.reflow.gateway.upstream.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.testing.FakeMcpServer.Received;
import io.reflow.gateway.testing.FakeMcpServer.Script;
import io.reflow.gateway.testing.FakeStatelessServer;
import io.reflow.gateway.testing.FakeStatelessTools;
import io.reflow.gateway.testing.FakeTools;
import io.reflow.gateway.testing.RecordingCaller;
import io.reflow.gateway.testing.RecordingListener;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.Interest;
import io.reflow.gateway.upstream.Listener.ListKind;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.UpstreamCall;
import io.reflow.gateway.upstream.era.Era;
import io.reflow.gateway.upstream.era.Eras;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class StatelessHttpTest {

  private final FakeStatelessServer server = new FakeStatelessServer();
  private final Eras eras = UpstreamFixtures.eras();
  private final HttpDial dial =
      new HttpDial(UpstreamFixtures.ADDRESSES, UpstreamFixtures.MCP, "1.2", eras);
  private final RecordingListener listener = new RecordingListener();
  private final Transport.StreamableHttp transport = new Transport.StreamableHttp(server.url());
  private final Target target = UpstreamFixtures.target("fake", transport);
  private Upstream upstream;

  @BeforeEach
  void open() throws InterruptedException {
    upstream = dial.open(transport, UpstreamFixtures.opening(target, listener));
  }

  @AfterEach
  void stop() {
    upstream.close();
    dial.close();
    server.close();
  }

  private static Script error(int status, int code, String data) {
    return Script.respond(
        status,
        "application/json",
        "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":%d,\"message\":\"no\"%s}}"
            .formatted(code, data));
  }

  private static UpstreamCall call(String method, String params) {
    return new UpstreamCall(
        method,
        RawJson.of(params),
        OptionalLong.empty(),
        Duration.ofSeconds(10),
        Duration.ofSeconds(20));
  }

  private Answer call(UpstreamCall call) throws InterruptedException {
    return upstream.call(call, Caller.SILENT);
  }

  private Received last() {
    return server.received().getLast();
  }

  private static RecordingCaller elicitable() throws MalformedMessage {
    return RecordingCaller.with(
        ClientCapabilities.read(
            RawJson.of("{\"elicitation\":{},\"roots\":{\"listChanged\":true}}")),
        Map.of("elicitation/create", RawJson.of("{\"action\":\"accept\",\"content\":{\"n\":1}}")));
  }

  @Test
  void everyRequestSaysAllThatThereIsToKnow() throws InterruptedException, MalformedMessage {
    UpstreamCall call =
        call(
            "tools/call",
            "{\"name\":\"écho\",\"_meta\":{\"traceparent\":\"00\"},\"arguments\":{\"a\":1.0}}");

    Answer _ = upstream.call(call, elicitable());

    assertThat(last().headers())
        .containsEntry("mcp-protocol-version", "2026-07-28")
        .containsEntry("mcp-method", "tools/call")
        .containsEntry("mcp-name", "=?base64?w6ljaG8=?=")
        .containsEntry("accept", "application/json, text/event-stream")
        .doesNotContainKey("mcp-session-id");
    assertThat(last().body())
        .endsWith(
            "\"params\":{\"name\":\"écho\",\"_meta\":{"
                + "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
                + "\"io.modelcontextprotocol/clientInfo\":"
                + "{\"name\":\"reflow-gateway\",\"version\":\"1.2\"},"
                + "\"io.modelcontextprotocol/clientCapabilities\":"
                + "{\"roots\":{},\"elicitation\":{}},"
                + "\"io.modelcontextprotocol/logLevel\":\"debug\","
                + "\"traceparent\":\"00\"},\"arguments\":{\"a\":1.0}}}");
  }

  @Test
  void namesWhatIsReadAndNothingElse() throws InterruptedException {
    Answer _ = call(call("resources/read", "{\"uri\":\"file:///a\"}"));
    assertThat(last().headers()).containsEntry("mcp-name", "file:///a");
    assertThat(last().body()).contains("\"uri\":\"file:///a\",\"_meta\":{\"io.");

    Answer _ = call(call("tools/list", "{}"));
    assertThat(last().headers()).doesNotContainKey("mcp-name");
    assertThat(last().body()).contains("\"params\":{\"_meta\":{\"io.");
  }

  @Test
  void marksOfTheToolsSchemaBecomeHeaders() throws InterruptedException {
    server.answer(
        "tools/list",
        "{\"tools\":[{\"name\":\"echo\",\"inputSchema\":{\"type\":\"object\",\"properties\":"
            + "{\"region\":{\"type\":\"string\",\"x-mcp-header\":\"Region\"},"
            + "\"count\":{\"type\":\"integer\",\"x-mcp-header\":\"Count\"}}}}]}");
    Answer _ = call(call("tools/list", "{}"));

    Answer _ = call(UpstreamFixtures.toolCall("echo", "{\"region\":\"eu\",\"count\":null}"));

    assertThat(last().headers())
        .containsEntry("mcp-param-region", "eu")
        .doesNotContainKey("mcp-param-count");
  }

  @Test
  void aHeaderMismatchMakesTheListBeReadAnew() throws InterruptedException {
    server.answer(
        "tools/list",
        "{\"tools\":[{\"name\":\"strict\",\"inputSchema\":{\"properties\":"
            + "{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"A\"}}}}]}");
    server.script(
        "strict",
        (exchange, request) -> {
          boolean told = exchange.getRequestHeaders().containsKey("Mcp-Param-A");
          Script script =
              told
                  ? Script.respond(200, "application/json", FakeTools.result("$id", "{}"))
                  : error(400, -32020, "");
          script.answer(exchange, request);
        });

    assertThat(call(UpstreamFixtures.toolCall("strict", "{\"a\":\"x\"}")))
        .isInstanceOf(Answer.Result.class);
  }

  @Test
  void errorsBehindAnErrorStatusArePassedOn() throws InterruptedException {
    server.script("missing", error(404, -32601, ",\"data\":{\"x\":1.0}"));

    assertThat(call(UpstreamFixtures.toolCall("missing", "{}")))
        .isEqualTo(
            new Answer.Failure(
                RawJson.of("{\"code\":-32601,\"message\":\"no\",\"data\":{\"x\":1.0}}")));
  }

  @Test
  void asksTheClientAndEchoesTheStateByteForByte() throws InterruptedException, MalformedMessage {
    Answer answer = upstream.call(UpstreamFixtures.toolCall("confirm", "{}"), elicitable());

    assertThat(((Answer.Result) answer).result().toString())
        .contains("\"state\":" + FakeStatelessTools.STATE)
        .contains("\"responses\":{\"user_name\":{\"action\":\"accept\",\"content\":{\"n\":1}}}");
    assertThat(server.received("tools/call"))
        .extracting(request -> FakeTools.id(request.body()))
        .doesNotHaveDuplicates()
        .hasSize(2);
  }

  @Test
  void aCallIsNeverSentTwiceOnceItMayHaveBeenWorkedOn() {
    AtomicInteger calls = new AtomicInteger();
    server.script(
        "breaks",
        (exchange, _) -> {
          int _ = calls.incrementAndGet();
          exchange.sendResponseHeaders(200, 100);
          exchange.getResponseBody().write("{".getBytes(UTF_8));
        });

    assertThatThrownBy(() -> call(UpstreamFixtures.toolCall("breaks", "{}")))
        .isInstanceOf(UpstreamFailed.class);
    assertThat(calls).hasValue(1);
  }

  @Test
  void whatIsOnlyReadIsAskedForOnceMore() throws InterruptedException {
    AtomicInteger calls = new AtomicInteger();
    server.script(
        "resources/read",
        (exchange, request) -> {
          if (calls.incrementAndGet() == 1) {
            exchange.sendResponseHeaders(200, 100);
            exchange.getResponseBody().write("{".getBytes(UTF_8));
          } else {
            Script.respond(200, "application/json", FakeTools.result("$id", "{}"))
                .answer(exchange, request);
          }
        });

    assertThat(call(call("resources/read", "{\"uri\":\"file:///a\"}")))
        .isInstanceOf(Answer.Result.class);
  }

  @Test
  void aMissingCapabilityIsExplainedToTheModel() throws InterruptedException {
    server.script(
        "needs", error(400, -32021, ",\"data\":{\"requiredCapabilities\":{\"sampling\":{}}}"));

    Answer answer = call(UpstreamFixtures.toolCall("needs", "{}"));

    assertThat(((Answer.Result) answer).result().toString()).contains("\"isError\":true");
  }

  @Test
  void aTaskIsAwaitedInTheClientsPlace() throws InterruptedException, MalformedMessage {
    server.script(
        "long",
        (exchange, request) -> {
          Script script =
              request.contains("io.modelcontextprotocol/tasks")
                  ? Script.respond(
                      200,
                      "application/json",
                      FakeTools.result(
                          "$id",
                          "{\"resultType\":\"task\",\"taskId\":\"t1\",\"status\":\"working\","
                              + "\"pollIntervalMs\":100}"))
                  : error(
                      400,
                      -32021,
                      ",\"data\":{\"requiredCapabilities\":{\"extensions\":"
                          + "{\"io.modelcontextprotocol/tasks\":{}}}}");
          script.answer(exchange, request);
        });
    server.script(
        "tasks/get",
        (exchange, request) -> {
          boolean updated = !server.received("tasks/update").isEmpty();
          String state =
              updated
                  ? "\"status\":\"completed\",\"result\":{\"n\":1.0}"
                  : "\"status\":\"input_required\",\"pollIntervalMs\":100,\"inputRequests\":"
                      + "{\"k\":{\"method\":\"elicitation/create\",\"params\":{}}}";
          Script.respond(
                  200,
                  "application/json",
                  FakeTools.result("$id", "{\"taskId\":\"t1\"," + state + "}"))
              .answer(exchange, request);
        });
    server.answer("tasks/update", "{}");

    Answer answer = upstream.call(UpstreamFixtures.toolCall("long", "{}"), elicitable());

    assertThat(answer).isEqualTo(new Answer.Result(RawJson.of("{\"n\":1.0}"), true));
    assertThat(server.received("tasks/get").getFirst().headers()).containsEntry("mcp-name", "t1");
    assertThat(server.received("tasks/update").getFirst().body())
        .contains("\"inputResponses\":{\"k\":{\"action\":\"accept\",\"content\":{\"n\":1}}}");
  }

  @Test
  void aCancelledCallCancelsItsTask() throws InterruptedException {
    server.script(
        "long",
        (exchange, request) -> {
          Script script =
              request.contains("io.modelcontextprotocol/tasks")
                  ? Script.respond(
                      200,
                      "application/json",
                      FakeTools.result(
                          "$id",
                          "{\"resultType\":\"task\",\"taskId\":\"t1\",\"status\":\"working\"}"))
                  : error(
                      400,
                      -32021,
                      ",\"data\":{\"requiredCapabilities\":{\"extensions\":"
                          + "{\"io.modelcontextprotocol/tasks\":{}}}}");
          script.answer(exchange, request);
        });
    server.answer("tasks/get", "{\"taskId\":\"t1\",\"status\":\"working\"}");
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              try {
                Answer _ = call(UpstreamFixtures.toolCall("long", "{}"));
              } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
              }
            });
    UpstreamFixtures.await(() -> !server.received("tasks/get").isEmpty());

    caller.interrupt();

    UpstreamFixtures.await(() -> !server.received("tasks/cancel").isEmpty());
  }

  private static Interest tools(String... uris) {
    return new Interest(Set.of(ListKind.TOOLS), Set.of(uris));
  }

  @Test
  void followsWhatIsWantedAndTellsOfIt() throws IOException, InterruptedException {
    upstream.follow(new Interest(Set.of(ListKind.TOOLS, ListKind.PROMPTS), Set.of("file:///a")));

    assertThat(last().body())
        .contains(
            "\"notifications\":{\"toolsListChanged\":true,"
                + "\"resourceSubscriptions\":[\"file:///a\"]}");
    server.tools().announce("tools/list_changed", "");
    server.tools().announce("resources/updated", ",\"uri\":\"file:///a\"");
    UpstreamFixtures.await(() -> listener.resources().contains("file:///a"));
    assertThat(listener.lists()).contains(ListKind.TOOLS);
  }

  @Test
  void agreesOnTheNewBeforeItLeavesTheOld() throws InterruptedException {
    upstream.follow(tools());
    upstream.follow(tools("file:///a"));

    assertThat(server.received("subscriptions/listen")).hasSize(2);
    UpstreamFixtures.await(() -> server.tools().listening() == 1);
    upstream.follow(tools("file:///a"));
    assertThat(server.received("subscriptions/listen")).hasSize(2);
    upstream.follow(Interest.NONE);
    UpstreamFixtures.await(() -> server.tools().listening() == 0);
  }

  @Test
  void listensAgainAndTellsOfWhatMayHaveBeenMissed() throws InterruptedException {
    upstream.follow(tools("file:///a"));

    server.hangUp();

    UpstreamFixtures.await(() -> server.received("subscriptions/listen").size() == 2);
    UpstreamFixtures.await(() -> listener.lists().contains(ListKind.TOOLS));
    UpstreamFixtures.await(() -> listener.resources().contains("file:///a"));
  }

  @Test
  void aResourceThatHangsHoldsUpNoOther() throws IOException, InterruptedException {
    server.silentOn("file:///hang");
    upstream.follow(tools("file:///a"));

    upstream.follow(tools("file:///a", "file:///b", "file:///hang"));

    assertThat(server.tools().listening()).isEqualTo(2);
    server.tools().announce("resources/updated", ",\"uri\":\"file:///b\"");
    UpstreamFixtures.await(() -> listener.resources().contains("file:///b"));
    int asked = server.received("subscriptions/listen").size();
    upstream.follow(tools("file:///a", "file:///b", "file:///hang"));
    assertThat(server.received("subscriptions/listen")).hasSize(asked);
    server.silentOn("");
    upstream.follow(tools("file:///b"));
    UpstreamFixtures.await(() -> server.tools().listening() == 1);
  }

  @Test
  void aResourceThatHangsLaterKeepsNoOtherFromBeingFollowedAgain() throws InterruptedException {
    upstream.follow(tools("file:///a", "file:///hang"));
    server.silentOn("file:///hang");

    server.hangUp();

    UpstreamFixtures.await(() -> listener.resources().contains("file:///a"));
    assertThat(listener.lists()).contains(ListKind.TOOLS);
    UpstreamFixtures.await(() -> server.tools().listening() == 2);
  }

  @Test
  void aTargetThatNeverAgreesFails() {
    server.silentOn("file:///hang");

    assertThatThrownBy(() -> upstream.follow(new Interest(Set.of(), Set.of("file:///hang"))))
        .isInstanceOf(UpstreamFailed.class)
        .hasMessageContaining("in time");
  }

  @Test
  void aTargetThatCannotBeListenedToIsLeftAlone() throws InterruptedException {
    server.script("subscriptions/listen", error(404, -32601, ""));

    upstream.follow(tools());
    upstream.follow(tools("file:///a"));

    assertThat(server.received("subscriptions/listen")).hasSize(1);
  }

  @Test
  void whatIsNoEventStreamIsNoFeed() throws InterruptedException {
    server.script(
        "subscriptions/listen",
        Script.respond(
            200,
            "application/json",
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\"}"));

    upstream.follow(tools());

    assertThat(server.received("subscriptions/listen")).hasSize(1);
    assertThat(upstream.alive()).isTrue();
  }

  @Test
  void aTargetThatTurnsOutToBeOfTheOlderEraIsOpenedAnew() throws InterruptedException {
    assertThat(eras.find(target)).contains(Era.STATELESS);
    server.script("echo", Script.respond(404, "text/plain", "not here"));
    server.script("server/discover", Script.respond(404, "text/plain", "not here"));

    assertThatThrownBy(() -> call(UpstreamFixtures.toolCall("echo", "1")))
        .isInstanceOf(UpstreamFailed.class);

    UpstreamFixtures.await(() -> !upstream.alive());
    assertThat(eras.find(target)).isNotEqualTo(Optional.of(Era.STATELESS));
  }

  @Test
  void oneFailedCallDemotesNobody() throws InterruptedException {
    int asked = server.received("server/discover").size();
    server.script("echo", Script.respond(404, "text/plain", "not here"));

    assertThatThrownBy(() -> call(UpstreamFixtures.toolCall("echo", "1")))
        .isInstanceOf(UpstreamFailed.class);

    UpstreamFixtures.await(() -> server.received("server/discover").size() > asked);
    assertThat(call(UpstreamFixtures.toolCall("other", "1"))).isInstanceOf(Answer.Result.class);
    assertThat(eras.find(target)).contains(Era.STATELESS);
  }
}
