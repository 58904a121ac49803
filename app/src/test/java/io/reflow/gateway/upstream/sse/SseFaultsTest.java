package io.reflow.gateway.upstream.sse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.config.Secret;
import io.reflow.gateway.credential.Injection;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.instance.LastLines;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.FakeMcpServer.Received;
import io.reflow.gateway.testing.FakeMcpServer.Script;
import io.reflow.gateway.testing.FakeTools;
import io.reflow.gateway.testing.RecordingCaller;
import io.reflow.gateway.testing.RecordingListener;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.Opening;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.http.HttpDial;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What servers over HTTP+SSE do wrong, and how such a server is found out.
final class SseFaultsTest {

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
    return open(server.sseUrl(), UpstreamFixtures.NO_INJECTION);
  }

  private Upstream open(URI url, Injection injection) throws InterruptedException {
    var transport = new Transport.Sse(url);
    Target target = UpstreamFixtures.target("fake", transport);
    return dial.sse()
        .open(
            transport,
            new Opening(
                target, UpstreamFixtures.shared(target), injection, changes, new LastLines(1)));
  }

  private static String call(Upstream upstream, String tool) throws InterruptedException {
    return call(upstream, tool, Caller.SILENT);
  }

  private static String call(Upstream upstream, String tool, Caller caller)
      throws InterruptedException {
    return upstream
        .call(UpstreamFixtures.toolCall(tool, "{\"ask\":\"roots/list\"}"), caller)
        .toString();
  }

  @Test
  void sendsTheSecretWithEveryRequest() throws InterruptedException {
    Injection token =
        new Injection(Map.of(), Map.of("Authorization", new Secret("Bearer abc")), "", "t");
    try (Upstream upstream = open(server.sseUrl(), token)) {
      assertThat(call(upstream, "echo")).contains("\"echo\"");
    }

    assertThat(server.received())
        .extracting(Received::httpMethod)
        .containsExactly("GET", "POST", "POST", "POST");
    assertThat(server.received())
        .allMatch(request -> request.header("authorization").equals(Optional.of("Bearer abc")));
  }

  @Test
  void withTheStreamAllCallsAreOver() throws InterruptedException {
    try (Upstream upstream = open()) {
      var outcome = new CopyOnWriteArrayList<Optional<String>>();
      Thread caller = Thread.ofVirtual().start(() -> outcome.add(failure(upstream)));
      UpstreamFixtures.await(() -> server.received().size() == 4);

      server.breakStreams();

      UpstreamFixtures.await(() -> !caller.isAlive());
      assertThat(outcome).containsExactly(Optional.of("target 'fake' ended its stream"));
      assertThat(upstream.alive()).isFalse();
      assertThatThrownBy(() -> call(upstream, "echo")).hasMessage("target 'fake' ended its stream");
    }
  }

  private static Optional<String> failure(Upstream upstream) {
    try {
      return Optional.of(call(upstream, "silent"));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    } catch (UpstreamFailed e) {
      return Optional.ofNullable(e.getMessage());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          200 | text/event-stream | event: endpoint$ndata: http://other.example/messages$n$n | wants messages sent to another server
          200 | text/event-stream | event: endpoint$ndata: //127.0.0.1:1/messages$n$n        | wants messages sent to another server
          200 | text/event-stream | event: endpoint$ndata: file:///etc/passwd$n$n            | wants messages sent to another server
          200 | text/event-stream | event: endpoint$ndata: a b c$n$n                         | wants messages sent to what is no address
          200 | text/event-stream | event: message$ndata: {}$n$n                             | ended its stream
          200 | application/json  | {}                                                       | answered with no event stream
          404 | text/plain        | no                                                       | answered with HTTP 404
          401 | text/plain        | secret abc                                               | refuses the gateway's credential (HTTP 401)
          302 | text/plain        | elsewhere                                                | answered with HTTP 302
          """)
  void failsToOpenWithAReason(int status, String type, String body, String expected) {
    server.script("GET", Script.respond(status, type, body.replace("$n", "\n")));

    assertThatThrownBy(this::open)
        .isInstanceOf(UpstreamFailed.class)
        .hasMessage("target 'fake' " + expected);
  }

  @Test
  void aPostThatIsRefusedFailsOnlyItsCall() throws InterruptedException {
    try (Upstream upstream = open()) {
      server.script("odd", Script.respond(500, "text/plain", "abc"));

      assertThatThrownBy(() -> call(upstream, "odd"))
          .hasMessage("target 'fake' answered with HTTP 500");
      assertThat(call(upstream, "echo")).contains("\"echo\"");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          garbage
          {"jsonrpc":"2.0","id":$id,"result":{},"error":{"code":1,"message":"m"}}
          {"jsonrpc":"2.0","id":"$id","result":{}}
          {"jsonrpc":"2.0","id":4711,"result":{}}
          [{"jsonrpc":"2.0","id":$id,"result":{}}]
          """)
  void whatIsNoAnswerIsDropped(String message) throws InterruptedException {
    try (Upstream upstream = open()) {
      server.script(
          "odd",
          (exchange, request) -> {
            exchange.sendResponseHeaders(202, -1);
            String id = FakeTools.id(request);
            server.sendApart("data: " + message.replace("$id", id) + "\n\n");
            server.sendApart("data: " + FakeTools.result(id, "{\"true\":1}") + "\n\n");
          });

      assertThat(call(upstream, "odd")).contains("{\"true\":1}");
      assertThat(call(upstream, "echo")).contains("\"echo\"");
    }
  }

  @Test
  void aFloodOfNonsenseEndsTheConnection() throws InterruptedException {
    try (Upstream upstream = open()) {
      server.script(
          "odd",
          (exchange, _) -> {
            exchange.sendResponseHeaders(202, -1);
            server.sendApart("data: garbage\n\n".repeat(200));
          });

      assertThatThrownBy(() -> call(upstream, "odd"))
          .hasMessage("target 'fake' floods its stream with what is no answer");
      assertThat(upstream.alive()).isFalse();
    }
  }

  @Test
  void anEventWithoutAnEndEndsTheConnection() throws InterruptedException {
    try (Upstream upstream = open()) {
      server.script(
          "odd",
          (exchange, _) -> {
            exchange.sendResponseHeaders(202, -1);
            String line = "data: " + "x".repeat(1 << 20) + "\n";
            for (int i = 0; i < 40; i++) {
              server.sendApart(line);
            }
          });

      assertThatThrownBy(() -> call(upstream, "odd"))
          .hasMessage("target 'fake' writes an event without an end");
    }
  }

  @Test
  void sharedByManyNobodyIsAsked() throws InterruptedException {
    RecordingCaller caller = RecordingCaller.with(UpstreamFixtures.ABLE_CLIENT, Map.of());
    try (Upstream upstream = open()) {
      assertThat(call(upstream, "question", caller)).contains("\"code\":-32603");
      assertThat(caller.asked()).isEmpty();
      assertThat(server.received().get(1).body()).contains("\"capabilities\":{}");
    }
  }

  @ParameterizedTest
  @CsvSource({"400", "404", "405"})
  void aServerThatTakesNoInitializeByPostIsSpokenWithInTheOlderWay(int status)
      throws InterruptedException {
    server.script("initialize", Script.respond(status, "text/plain", "no"));
    server.script(
        "GET",
        (exchange, _) -> {
          server.unscript("GET");
          server.unscript("initialize");
          server.hold("s", exchange, "event: endpoint\ndata: /messages?sessionId=s\n\n");
        });
    var transport = new Transport.StreamableHttp(server.url());
    Target target = UpstreamFixtures.target("fake", transport);

    try (Upstream upstream = dial.open(transport, UpstreamFixtures.ownOpening(target, changes))) {
      assertThat(upstream.facts().version()).isEqualTo(ProtocolVersion.V2025_11_25);
      assertThat(call(upstream, "echo")).contains("\"echo\"");
    }
  }

  @Test
  void aServerThatSpeaksNeitherWayIsRefusedForTheFirst() {
    server.script("initialize", Script.respond(405, "text/plain", "no"));
    var transport = new Transport.StreamableHttp(server.url());
    Target target = UpstreamFixtures.target("fake", transport);

    assertThatThrownBy(() -> dial.open(transport, UpstreamFixtures.ownOpening(target, changes)))
        .hasMessage("target 'fake' answered with HTTP 405");
    assertThat(server.received())
        .extracting(Received::httpMethod)
        .startsWith("POST", "GET")
        .doesNotContain("DELETE");
  }
}
