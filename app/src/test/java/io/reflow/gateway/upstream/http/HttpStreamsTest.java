package io.reflow.gateway.upstream.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.FakeMcpServer.Received;
import io.reflow.gateway.testing.FakeMcpServer.Script;
import io.reflow.gateway.testing.FakeTools;
import io.reflow.gateway.testing.RecordingCaller;
import io.reflow.gateway.testing.RecordingListener;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.Interest;
import io.reflow.gateway.upstream.Listener.ListKind;
import io.reflow.gateway.upstream.Upstream;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Streams of Streamable HTTP that end, go on, and stand apart from calls.
final class HttpStreamsTest {

  private static final Interest ONE = new Interest(Set.of(), Set.of("file:///a"));

  private final FakeMcpServer server = new FakeMcpServer();
  private final HttpDial dial =
      new HttpDial(UpstreamFixtures.ADDRESSES, UpstreamFixtures.MCP, "0", UpstreamFixtures.eras());
  private final RecordingListener changes = new RecordingListener();

  @AfterEach
  void stop() {
    dial.close();
    server.close();
  }

  private Upstream open() throws InterruptedException {
    var transport = new Transport.StreamableHttp(server.url());
    return dial.open(
        transport,
        UpstreamFixtures.ownOpening(UpstreamFixtures.target("fake", transport), changes));
  }

  private Upstream openShared() throws InterruptedException {
    var transport = new Transport.StreamableHttp(server.url());
    return dial.open(
        transport, UpstreamFixtures.opening(UpstreamFixtures.target("fake", transport), changes));
  }

  private static String call(Upstream upstream, String tool) throws InterruptedException {
    return call(upstream, tool, Caller.SILENT);
  }

  private static String call(Upstream upstream, String tool, Caller caller)
      throws InterruptedException {
    Answer answer =
        upstream.call(
            UpstreamFixtures.within(
                UpstreamFixtures.toolCall(tool, "{\"ask\":\"roots/list\"}"),
                Duration.ofSeconds(5),
                Duration.ofSeconds(10)),
            caller);
    return answer.toString();
  }

  private List<Received> gets() {
    return server.received().stream().filter(one -> one.httpMethod().equals("GET")).toList();
  }

  private static void stream(HttpExchange exchange, String text) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    exchange.getResponseBody().write(text.getBytes(UTF_8));
    exchange.close();
  }

  @Test
  void nothingIsTakenForASharersOwnThatComesInsteadOfTheRest() throws InterruptedException {
    var id = new CopyOnWriteArrayList<String>();
    server.script(
        "odd",
        (exchange, request) -> {
          id.add(FakeTools.id(request));
          stream(exchange, "id: s1-0\nretry: 10\ndata:\n\n");
        });
    server.script(
        "GET",
        (exchange, _) ->
            stream(
                exchange,
                "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\","
                    + "\"params\":{\"level\":\"error\",\"data\":\"of another\"}}\n\n"
                    + "data: {\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"roots/list\"}\n\n"
                    + "data: "
                    + FakeTools.result(id.getFirst(), "{\"late\":true}")
                    + "\n\n"));
    var caller = RecordingCaller.with(UpstreamFixtures.ABLE_CLIENT, Map.of());

    try (Upstream shared = openShared()) {
      assertThat(call(shared, "odd", caller)).contains("{\"late\":true}");
      UpstreamFixtures.await(
          () -> server.received().stream().anyMatch(one -> one.body().contains("-32603")));
    }

    assertThat(caller.logs()).isEmpty();
    assertThat(caller.asked()).isEmpty();
  }

  @Test
  void goesOnWithAnAnswerExactlyWhenTheServerWants() throws InterruptedException {
    var ended = new AtomicLong();
    var resumed = new AtomicLong();
    var id = new CopyOnWriteArrayList<String>();
    server.script(
        "odd",
        (exchange, request) -> {
          id.add(FakeTools.id(request));
          // Before it is: this thread may have to wait for the processor afterwards.
          ended.set(System.nanoTime());
          stream(exchange, "id: s1-0\nretry: 1500\ndata:\n\n");
        });
    try (Upstream upstream = open()) {
      UpstreamFixtures.await(() -> gets().size() == 1);
      server.script(
          "GET",
          (exchange, _) -> {
            resumed.set(System.nanoTime());
            stream(
                exchange,
                "id: s1-1\ndata: " + FakeTools.result(id.getFirst(), "{\"late\":true}") + "\n\n");
          });

      assertThat(call(upstream, "odd")).contains("{\"late\":true}");
    }

    assertThat(gets().getLast().header("last-event-id")).contains("s1-0");
    assertThat(gets().getLast().header("mcp-session-id")).contains("session-1");
    assertThat(Duration.ofNanos(resumed.get() - ended.get()))
        .isBetween(Duration.ofMillis(1490), Duration.ofSeconds(6));
  }

  @Test
  void anAnswerThatIsNotGoneOnWithFailsTheCall() throws InterruptedException {
    server.script("odd", (exchange, _) -> stream(exchange, "id: 1\nretry: 10\ndata:\n\n"));
    try (Upstream upstream = open()) {
      assertThatThrownBy(() -> call(upstream, "odd"))
          .hasMessage(
              "target 'fake' ended its answer before it was complete, and does not go on with it"
                  + " (HTTP 405)");
    }
  }

  @Test
  void anAnswerThatNeverGetsAnyFurtherFailsTheCall() throws InterruptedException {
    Script nothing = (exchange, _) -> stream(exchange, "id: 1\nretry: 10\ndata:\n\n");
    server.script("odd", nothing);
    try (Upstream upstream = open()) {
      UpstreamFixtures.await(() -> gets().size() == 1);
      server.script("GET", nothing);

      assertThatThrownBy(() -> call(upstream, "odd"))
          .hasMessage("target 'fake' ended its answer before it was complete");
    }
  }

  @Test
  void theStandingStreamGoesOnBehindItsLastEvent() throws InterruptedException {
    server.script("GET", (exchange, _) -> stream(exchange, "id: g7\nretry: 20\ndata:\n\n"));
    try (Upstream _ = open()) {
      UpstreamFixtures.await(() -> gets().size() > 2);

      assertThat(gets().getFirst().header("last-event-id")).isEmpty();
      assertThat(gets().get(1).header("last-event-id")).contains("g7");
      assertThat(gets().get(1).header("accept")).contains("text/event-stream");
      assertThat(gets().get(1).header("mcp-protocol-version")).contains("2025-11-25");
      assertThat(changes.lists()).isEmpty();
    }
  }

  @Test
  void aStreamThatAlwaysEndsAtOnceIsNone() throws InterruptedException {
    server.script("GET", (exchange, _) -> stream(exchange, "retry: 1\n\n"));
    try (Upstream upstream = open()) {
      UpstreamFixtures.await(() -> gets().size() == 10);
      upstream.follow(ONE);

      String _ = call(upstream, "echo");
      assertThat(gets()).hasSize(10);
    }
  }

  @Test
  void whatMayHaveBeenMissedCountsAsChanged() throws InterruptedException {
    server.streaming();
    try (Upstream upstream = open()) {
      upstream.follow(ONE);
      assertThat(changes.resources()).isEmpty();

      server.breakStreams();

      UpstreamFixtures.await(() -> changes.resources().contains("file:///a"));
      assertThat(changes.lists()).contains(ListKind.TOOLS, ListKind.RESOURCES);
    }
  }

  @Test
  void aSessionThatIsForgottenIsOpenedAnewWithAllThatIsFollowed() throws InterruptedException {
    server.streaming();
    try (Upstream upstream = open()) {
      upstream.follow(ONE);
      server.forgetSessions();
      server.breakStreams();

      UpstreamFixtures.await(() -> server.subscribed().equals(Set.of("file:///a")));
      UpstreamFixtures.await(() -> server.sessions().equals(Set.of("session-2")));
      UpstreamFixtures.await(() -> server.streams() == 1);
      UpstreamFixtures.await(() -> changes.resources().contains("file:///a"));
      assertThat(upstream.alive()).isTrue();
    }
    UpstreamFixtures.await(() -> {
      server.sendApart(": still there?\n\n");
      return server.streams() == 0;
    });
    assertThat(server.sessions()).isEmpty();
  }

  @Test
  void anUpstreamThatCantBeListenedToAnyMoreIsOver() throws InterruptedException {
    server.streaming();
    try (Upstream upstream = open()) {
      upstream.follow(ONE);
      server.script("initialize", Script.respond(500, "text/plain", ""));
      server.forgetSessions();
      server.breakStreams();

      UpstreamFixtures.await(() -> !upstream.alive());
    }
  }

  @Test
  void aServerMayKeepItsStreamBackUntilItHasSomethingToSay() throws InterruptedException {
    var speak = new CountDownLatch(1);
    server.script(
        "GET",
        (exchange, _) -> {
          speak.await();
          stream(exchange, "id: 1\ndata:\n\n");
        });
    try (Upstream upstream = open()) {
      upstream.follow(ONE);
      assertThat(changes.resources()).isEmpty();

      speak.countDown();

      UpstreamFixtures.await(() -> changes.resources().contains("file:///a"));
    }
  }

  @Test
  void aServerWithoutAStreamIsFollowedAllTheSame() throws InterruptedException {
    try (Upstream upstream = open()) {
      upstream.follow(ONE);

      assertThat(server.subscribed()).containsExactly("file:///a");
      assertThat(gets()).hasSize(1);
    }
  }

  @Test
  void hearsTheQuestionsOfAServerThatAnnouncesNothing() throws InterruptedException {
    quiet();

    try (Upstream _ = open()) {
      assertThat(gets()).hasSize(1);
    }
  }

  @Test
  void listensToNobodyWhoMayNotAsk() throws InterruptedException {
    quiet();

    try (Upstream _ = openShared()) {
      assertThat(gets()).isEmpty();
    }
  }

  private void quiet() {
    server.answer(
        "initialize",
        """
        {"protocolVersion":"2025-11-25","capabilities":{"tools":{}},\
        "serverInfo":{"name":"quiet","version":"1.0"}}\
        """);
    server.script("notifications/initialized", Script.respond(202, "text/plain", ""));
  }

  @Test
  void onASharedSessionAQuestionApartFromCallsIsNobodys() throws InterruptedException {
    server.streaming();
    RecordingCaller caller = RecordingCaller.with(UpstreamFixtures.ABLE_CLIENT, Map.of());
    try (Upstream upstream = openShared()) {
      upstream.follow(ONE);

      assertThat(call(upstream, "question-apart", caller)).contains("\"code\":-32603");
      assertThat(call(upstream, "question", caller)).contains("\"code\":-1");
      assertThat(caller.asked()).hasSize(1);
    }
  }

  @Test
  void nonsenseOnTheStandingStreamHurtsNobody() throws InterruptedException {
    server.streaming();
    try (Upstream upstream = open()) {
      upstream.follow(ONE);
      server.sendApart("data: garbage\n\n");
      server.sendApart("data: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n\n");
      server.sendApart("data: " + "x".repeat(3_000_000) + "\n\n");

      String _ = call(upstream, "announce-apart");
      UpstreamFixtures.await(() -> changes.resources().contains("file:///a"));

      assertThat(gets()).hasSize(1);
    }
  }

  @Test
  void tellsTheServerWhatTheClientCanDo() throws InterruptedException {
    try (Upstream _ = open()) {
      assertThat(server.received().getFirst().body())
          .contains(
              "\"capabilities\":{\"roots\":{},\"sampling\":{\"context\":{},\"tools\":{}},"
                  + "\"elicitation\":{\"form\":{},\"url\":{}}}");
    }
  }

  @Test
  void closingFailsTheCallsUnderWay() throws InterruptedException {
    Upstream upstream = open();
    var outcome = new CopyOnWriteArrayList<Optional<String>>();
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              try {
                outcome.add(Optional.of(call(upstream, "silent")));
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              } catch (RuntimeException e) {
                outcome.add(Optional.ofNullable(e.getMessage()));
              }
            });
    UpstreamFixtures.await(() -> caller.getState() == Thread.State.WAITING);
    String _ = call(upstream, "echo");

    upstream.close();

    UpstreamFixtures.await(() -> !caller.isAlive());
    assertThat(outcome).containsExactly(Optional.of("target 'fake' was disconnected"));
  }
}
