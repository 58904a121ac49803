package io.reflow.gateway.upstream.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.config.Secret;
import io.reflow.gateway.credential.Injection;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.instance.LastLines;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.FakeMcpServer.Received;
import io.reflow.gateway.testing.FakeMcpServer.Script;
import io.reflow.gateway.testing.FakeTools;
import io.reflow.gateway.testing.RecordingListener;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.Opening;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.UpstreamCall;
import java.io.OutputStream;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What HTTP servers do wrong or unlike others.
final class HttpFaultsTest {

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
    return open(server.url(), UpstreamFixtures.NO_INJECTION);
  }

  private Upstream open(URI url, Injection injection) throws InterruptedException {
    var transport = new Transport.StreamableHttp(url);
    Target target = UpstreamFixtures.target("fake", transport);
    return dial.open(
        transport,
        new Opening(target, UpstreamFixtures.shared(target), injection, changes, new LastLines(1)));
  }

  private static String call(Upstream upstream, String tool) throws InterruptedException {
    return upstream.call(UpstreamFixtures.toolCall(tool, "1"), Caller.SILENT).toString();
  }

  /// With half a second of patience.
  private static String callInHaste(Upstream upstream, String tool) throws InterruptedException {
    UpstreamCall call = UpstreamFixtures.toolCall(tool, "1");
    return upstream
        .call(
            UpstreamFixtures.within(call, Duration.ofMillis(500), Duration.ofSeconds(5)),
            Caller.SILENT)
        .toString();
  }

  @Test
  void keepsToTheSessionAndTheVersion() throws InterruptedException {
    Injection token =
        new Injection(
            Map.of(),
            Map.of("Authorization", new Secret("Bearer abc"), "X-Key", new Secret("k")),
            "default",
            "t");
    try (Upstream upstream = open(server.url(), token)) {
      String _ = call(upstream, "echo");
    }

    assertThat(server.received())
        .extracting(Received::httpMethod)
        .filteredOn(method -> !method.equals("GET"))
        .containsExactly("POST", "POST", "POST", "DELETE");
    assertThat(server.received())
        .allMatch(request -> request.header("authorization").equals(Optional.of("Bearer abc")))
        .allMatch(request -> request.header("x-key").isPresent());
    assertThat(server.received().getFirst().header("mcp-session-id")).isEmpty();
    assertThat(server.received().getFirst().header("mcp-protocol-version")).isEmpty();
    assertThat(server.received().subList(1, server.received().size()))
        .allMatch(request -> request.header("mcp-session-id").orElse("").equals("session-1"))
        .allMatch(
            request -> request.header("mcp-protocol-version").orElse("").equals("2025-11-25"));
    assertThat(server.sessions()).isEmpty();
  }

  @Test
  void opensANewSessionWhenTheOldOneIsForgotten() throws InterruptedException {
    try (Upstream upstream = open()) {
      server.forgetSessions();

      assertThat(call(upstream, "echo")).contains("{\"echo\":1}");

      assertThat(server.sessions()).containsExactly("session-2");
      assertThat(changes.lists()).contains(Listener.ListKind.TOOLS);
    }
  }

  @Test
  void opensANewSessionWhenTheOldOneIsSaidToBeInvalid() throws InterruptedException {
    try (Upstream upstream = open()) {
      server.script(
          "odd",
          (exchange, request) -> {
            server.unscript("odd");
            Script.respond(
                    400,
                    "application/json",
                    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32000,\"message\":\"Bad Request: No"
                        + " valid session ID provided\"},\"id\":$id}")
                .answer(exchange, request);
          });

      assertThat(call(upstream, "odd")).contains("{\"echo\":1}");

      assertThat(server.sessions()).contains("session-2");
    }
  }

  @ParameterizedTest
  @CsvSource({"404, -32601", "400, -32022", "200, -32602", "503, -32603"})
  void isOverWhenNoNewSessionCanBeOpened(int status, int code) throws InterruptedException {
    try (Upstream upstream = open()) {
      server.forgetSessions();
      server.script(
          "initialize",
          Script.respond(
              status,
              "application/json",
              "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":%d,\"message\":\"no\"}}"
                  .formatted(code)));

      assertThatThrownBy(() -> call(upstream, "echo")).isInstanceOf(UpstreamFailed.class);

      assertThat(upstream.alive()).isFalse();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          401 | text/plain       | your secret is abc                             | refuses the gateway's credential (HTTP 401)
          403 | application/json | {"error":"abc"}                                | refuses the gateway's credential (HTTP 403)
          500 | text/html        | <h1>abc</h1>                                   | answered with HTTP 500
          302 | text/html        | elsewhere                                      | answered with HTTP 302
          200 | text/html        | <h1>abc</h1>                                   | answered with neither JSON nor an event stream
          202 | text/plain       | ok                                             | took the request for a notification
          200 | application/json | <h1>abc</h1>                                   | answered with garbage: not JSON at byte 0
          200 | application/json | {"jsonrpc":"2.0","id":$id,"id":2,"result":{}}  | answered with garbage: the member 'id' stands there twice
          200 | application/json | {"jsonrpc":"2.0","id":4711,"result":{}}        | answered another question than was asked
          200 | application/json | {"jsonrpc":"2.0","id":"$id","result":{}}       | answered another question than was asked
          200 | application/json | {"jsonrpc":"2.0","id":$id,"result":{},"error":{}} | answered with garbage: a message has a method, a result or an error, and just one of them
          200 | application/json | [{"jsonrpc":"2.0","id":$id,"result":{}}]       | answered with garbage: a message must be one JSON object
          200 | application/json | {"jsonrpc":"2.0","id":$id,"result":{}          | answered with garbage: not JSON at byte 35
          """)
  void failsWithoutPassingOnWhatTheServerSaid(int status, String type, String body, String expected)
      throws InterruptedException {
    try (Upstream upstream = open()) {
      server.script("odd", Script.respond(status, type, body));

      assertThatThrownBy(() -> call(upstream, "odd"))
          .isInstanceOf(UpstreamFailed.class)
          .hasMessage("target 'fake' " + expected);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/json", "text/event-stream"})
  void invalidUtf8IsGarbage(String type) throws InterruptedException {
    try (Upstream upstream = open()) {
      server.script(
          "odd",
          (exchange, request) -> {
            exchange.getResponseHeaders().set("Content-Type", type);
            exchange.sendResponseHeaders(200, 0);
            OutputStream out = exchange.getResponseBody();
            out.write(type.endsWith("stream") ? "data: ".getBytes(UTF_8) : new byte[0]);
            String answer = FakeTools.result(FakeTools.id(request), "{\"a\":\"\u00ff\"}");
            out.write(answer.getBytes(ISO_8859_1));
            out.write("\n\n".getBytes(UTF_8));
            exchange.close();
          });

      assertThatThrownBy(() -> call(upstream, "odd"))
          .isInstanceOf(UpstreamFailed.class)
          .hasMessageStartingWith("target 'fake' answered with garbage: ");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/json", "text/event-stream"})
  void fiftyMegabytesInOneLineAreTooMuch(String type) throws InterruptedException {
    try (Upstream upstream = open()) {
      server.script("odd", endless(type, "data: ", "x".repeat(1 << 20), 50));

      assertThatThrownBy(() -> call(upstream, "odd"))
          .hasMessage("target 'fake' answered with more than 1048576 bytes");
      assertThat(call(upstream, "echo")).contains("{\"echo\":1}");
    }
  }

  @Test
  void aStreamOfNothingButCommentsEndsWithTheCall() throws InterruptedException {
    try (Upstream upstream = open()) {
      server.script("odd", endless("text/event-stream", "", ": still here\n\n", 1_000_000));

      assertThatThrownBy(() -> callInHaste(upstream, "odd"))
          .hasMessage("target 'fake' did not answer within 500 ms");
      assertThat(call(upstream, "echo")).contains("{\"echo\":1}");
    }
  }

  private static Script endless(String type, String first, String each, int times) {
    return (exchange, _) -> {
      exchange.getResponseHeaders().set("Content-Type", type);
      exchange.sendResponseHeaders(200, 0);
      OutputStream out = exchange.getResponseBody();
      out.write(first.getBytes(UTF_8));
      byte[] bytes = each.getBytes(UTF_8);
      for (int i = 0; i < times; i++) {
        out.write(bytes);
        out.flush();
      }
      exchange.close();
    };
  }

  @Test
  void anErrorWithAnErrorStatusIsStillAnAnswer() throws InterruptedException {
    try (Upstream upstream = open()) {
      server.script(
          "odd",
          Script.respond(
              400,
              "application/json; charset=utf-8",
              "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":1,\"message\":\"m\"}}"));

      assertThat(call(upstream, "odd")).contains("{\"code\":1,\"message\":\"m\"}");
    }
  }

  @Test
  void aStreamThatEndsWithoutAnAnswerFailsTheCall() throws InterruptedException {
    try (Upstream upstream = open()) {
      server.script("odd", Script.respond(200, "text/event-stream", ": nothing\n\n"));

      assertThatThrownBy(() -> call(upstream, "odd"))
          .hasMessage("target 'fake' ended its answer before it was complete");
    }
  }

  @Test
  void aStreamMayStayOpenAfterTheAnswer() throws InterruptedException {
    try (Upstream upstream = open()) {
      server.script(
          "odd",
          (exchange, request) -> {
            exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
            exchange.sendResponseHeaders(200, 0);
            OutputStream out = exchange.getResponseBody();
            out.write(
                ("data: {\"jsonrpc\":\"2.0\",\r\ndata: \"id\":"
                        + FakeTools.id(request)
                        + ",\"result\":{}}\r\n\r\n")
                    .getBytes(UTF_8));
            out.flush();
            Thread.sleep(Duration.ofSeconds(30));
          });

      assertThat(call(upstream, "odd")).contains("{}");
    }
  }

  @Test
  void aBodyThatStallsEndsWithTheCall() throws InterruptedException {
    try (Upstream upstream = open()) {
      server.script(
          "odd",
          (exchange, _) -> {
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, 100);
            exchange.getResponseBody().write('{');
            exchange.getResponseBody().flush();
            Thread.sleep(Duration.ofSeconds(30));
          });

      assertThatThrownBy(() -> callInHaste(upstream, "odd"))
          .hasMessage("target 'fake' did not answer within 500 ms");
    }
  }

  @Test
  void aBrokenConnectionIsTriedAgainOnlyWhereThatDoesNoHarm() throws InterruptedException {
    UpstreamCall list =
        new UpstreamCall(
            "tools/list",
            RawJson.EMPTY_OBJECT,
            OptionalLong.empty(),
            Duration.ofSeconds(5),
            Duration.ofSeconds(5));
    Script breakOnce =
        (exchange, request) -> {
          server.unscript("tools/list");
          server.unscript("odd");
          exchange.sendResponseHeaders(200, 50);
          exchange.close();
        };
    try (Upstream upstream = open()) {
      server.script("tools/list", breakOnce);
      server.script("odd", breakOnce);
      assertThatThrownBy(() -> call(upstream, "odd")).isInstanceOf(UpstreamFailed.class);

      server.script("tools/list", breakOnce);
      assertThat(upstream.call(list, Caller.SILENT)).isInstanceOf(Answer.class);
    }
  }

  @Test
  void saysThatNobodyListens() {
    URI url = server.url();
    server.close();

    assertThatThrownBy(() -> open(url, UpstreamFixtures.NO_INJECTION))
        .isInstanceOf(UpstreamFailed.class)
        .hasMessage("target 'fake' can't be reached");
  }

  @Test
  void refusesAServerOfAnotherRevision() {
    server.script(
        "initialize",
        Script.respond(
            200,
            "application/json",
            "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{\"protocolVersion\":\"1999-01-01\"}}"));

    assertThatThrownBy(this::open)
        .hasMessage("target 'fake' speaks a protocol version that the gateway does not");
  }

  @Test
  void aHeaderThatCantBeSentIsNamedWithoutItsValue() {
    Injection odd = new Injection(Map.of(), Map.of("X-Key", new Secret("a\nb")), "", "odd");

    assertThatThrownBy(() -> open(server.url(), odd))
        .hasMessage("target 'fake' needs a header that can't be sent: 'X-Key'");
  }
}
