package io.reflow.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.reflow.gateway.fault.GatewayException.Conflict;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.fault.GatewayException.NotAuthenticated;
import io.reflow.gateway.fault.GatewayException.NotFound;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.fault.GatewayException.TooLarge;
import io.reflow.gateway.fault.GatewayException.Unavailable;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.testing.RawClient;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

@Timeout(60)
class ErrorRenderingTest {

  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String POST = "POST /echo HTTP/1.1\r\nHost: localhost\r\n";
  private static final Map<String, RuntimeException> FAILURES =
      Map.of(
          "invalid", new InvalidRequest("'name' is missing"),
          "unauthenticated", new NotAuthenticated("no token"),
          "forbidden", new NotPermitted("not you"),
          "missing", new NotFound("no such thing"),
          "conflict", new Conflict("name taken"),
          "large", new TooLarge("too much"),
          "overloaded", new Overloaded("later", Duration.ofMillis(1500)),
          "unavailable", new Unavailable("database away", Duration.ofSeconds(5)),
          "upstream", new UpstreamFailed("github", "did not answer"),
          "bug", new IllegalStateException("secret detail"));

  private static final Semaphore LATE = new Semaphore(0);

  private static TestListener listener;
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

  @BeforeAll
  static void listen() {
    listener =
        new TestListener(routing -> {
          TestListener.echo(routing);
          routing.get("/late", ErrorRenderingTest::refuseLate);
          FAILURES.forEach((path, failure) ->
              routing.get(
                  "/" + path,
                  (_, _) -> {
                    throw failure;
                  }));
        });
  }

  @AfterAll
  static void stop() {
    listener.close();
  }

  @BeforeEach
  void recordLogs() {
    logged.start();
    root().addAppender(logged);
  }

  @AfterEach
  void forgetLogs() {
    root().detachAppender(logged);
  }

  @ParameterizedTest
  @CsvSource({
    "invalid, 400, invalid-request, is missing",
    "unauthenticated, 401, not-authenticated, no token",
    "forbidden, 403, not-permitted, not you",
    "missing, 404, not-found, no such thing",
    "conflict, 409, conflict, name taken",
    "large, 413, too-large, too much",
    "overloaded, 429, overloaded, later",
    "unavailable, 503, unavailable, database away",
    "upstream, 502, upstream-failed, did not answer",
  })
  void rendersEveryKindOfFailure(String path, int status, String code, String error)
      throws IOException {
    RawClient.Answer answer = listener.ask("GET", "/" + path);

    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.header("content-type")).isEqualTo("application/json");
    assertThat(answer.body())
        .matches(
            "\\{\"error\":\".*\",\"code\":\"%s\",\"trace_id\":\"[0-9a-f]{32}\"}".formatted(code))
        .contains(error);
    assertThat(logged.list).isEmpty();
  }

  @Test
  void saysWhenToComeBackInWholeSecondsRoundedUp() throws IOException {
    assertThat(listener.ask("GET", "/overloaded").header("retry-after")).isEqualTo("2");
    assertThat(listener.ask("GET", "/unavailable").header("retry-after")).isEqualTo("5");
  }

  @Test
  void asksForATokenOrSaysThatTheOneSentDoesNotCount() throws IOException {
    assertThat(listener.ask("GET", "/unauthenticated").header("www-authenticate"))
        .isEqualTo("Bearer");
    assertThat(
            listener
                .ask("GET", "/unauthenticated", "Authorization: Bearer x")
                .header("www-authenticate"))
        .isEqualTo("Bearer error=\"invalid_token\"");
  }

  @Test
  void keepsWhatIsUnexpectedInTheLogUnderTheTraceId() throws IOException {
    RawClient.Answer answer =
        listener.ask("GET", "/bug", "traceparent: 00-" + TRACE + "-00f067aa0ba902b7-01");

    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.body())
        .contains("\"code\":\"internal\"")
        .contains("\"trace_id\":\"" + TRACE + "\"")
        .doesNotContain("secret detail");
    assertThat(logged.list).singleElement().satisfies(ErrorRenderingTest::isErrorWithTraceId);
  }

  @Test
  void answersUnknownPathsWithJson() throws IOException {
    RawClient.Answer answer = listener.ask("GET", "/no/such/path");

    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.body()).contains("\"code\":\"not-found\"");
  }

  @Test
  void keepsTheConnectionAfterARefusal() throws IOException {
    try (RawClient client = listener.connect()) {
      assertThat(client.ask("GET", "/invalid", "").status()).isEqualTo(400);
      assertThat(client.ask("POST", "/nowhere", "a body").status()).isEqualTo(404);
      assertThat(client.ask("GET", "/hello", "").body()).isEqualTo("hello");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nonsense\r\n\r\n",
        "\r\n\r\n",
        "\u0000\u0001\u0002\r\n\r\n",
        "GET\r\n\r\n",
        "GET /hello\r\n\r\n",
        "GET /hello HTTP/9.9\r\nHost: localhost\r\n\r\n",
        "GET /he llo HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "G<T /hello HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "G\u00e4T /hello HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /hello HTTP/1.1\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: local host\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost localhost\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: localhost\r\nBad Name: x\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: localhost\r\nX: a\u0000b\r\n\r\n",
        "GET /hello HTTP/1.1\nHost: localhost\n\n",
        POST + "Content-Length: x\r\n\r\n",
        POST + "Content-Length: -1\r\n\r\n",
        POST + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        POST + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        POST + "Transfer-Encoding: chunked\r\n\r\n-5\r\n",
        POST + "Content-Length: 1\r\nContent-Encoding: gzip\r\n\r\na",
        "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      })
  void refusesMalformedRequestsQuietly(String request) throws IOException {
    try (RawClient client = listener.connect()) {
      RawClient.Answer answer = client.send(request).answer();

      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.header("connection")).isEqualTo("close");
      assertThat(answer.header("content-type")).isEqualTo("application/json");
      assertThat(answer.body())
          .contains("\"code\":\"invalid-request\"", "\"trace_id\":")
          .doesNotContain("Exception", "\tat ", "io.helidon", "server log");
    }
    assertThat(logged.list).isEmpty();
  }

  @Test
  void refusesHttp10() throws IOException {
    try (RawClient client = listener.connect()) {
      assertThat(client.send("GET /hello HTTP/1.0\r\n\r\n").answer().status()).isEqualTo(505);
    }
  }

  @Test
  void refusesLongUrisAndLargeHeaders() throws IOException {
    assertThat(listener.ask("GET", "/" + "x".repeat(9_000)).status()).isEqualTo(414);
    assertThat(listener.ask("GET", "/hello", "X-Large: " + "x".repeat(17_000)).status())
        .isEqualTo(431);
    assertThat(logged.list).isEmpty();
  }

  @Test
  void refusesABodyThatIsAnnouncedTooLarge() throws IOException {
    RawClient.Answer answer = listener.ask("POST", "/echo", "Content-Length: 100000000");

    assertThat(answer.status()).isEqualTo(413);
    assertThat(answer.body()).contains("\"code\":\"too-large\"");
  }

  @Test
  void letsTheClientReadTheRefusalWhileItStillSends() throws IOException {
    try (RawClient client = listener.connect()) {
      client.send(POST + "Content-Length: 5000000\r\n\r\n");
      client.send(new byte[5_000_000]);

      assertThat(client.answer().status()).isEqualTo(413);
    }
    assertThat(logged.list).isEmpty();
  }

  @Test
  void refusesAChunkedBodyThatGrowsTooLarge() throws IOException {
    String chunk = "4000\r\n" + "x".repeat(0x4000) + "\r\n";
    try (RawClient client = listener.connect()) {
      client.send(POST + "Transfer-Encoding: chunked\r\n\r\n").send(chunk.repeat(5));

      assertThat(client.answer().status()).isEqualTo(413);
    }
    assertThat(logged.list).isEmpty();
  }

  @Test
  void refusesAChunkSizeThatNeverEnds() throws IOException {
    try (RawClient client = listener.connect()) {
      client.send(POST + "Transfer-Encoding: chunked\r\n\r\n").send("0".repeat(300_000));

      assertThat(client.answer().status()).isEqualTo(413);
    }
    assertThat(logged.list).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /hello HT",
        "GET /hello HTTP/1.1\r\nHost: loc",
        POST + "Content-Length: 9\r\n\r\nabc",
        "POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc",
        POST + "Transfer-Encoding: chunked\r\n\r\n9\r\nabc",
      })
  void isSilentAboutClientsThatLeave(String request) throws IOException {
    try (RawClient client = listener.connect()) {
      client.send(request);
    }

    assertThat(listener.ask("GET", "/hello").body()).isEqualTo("hello");
    assertThat(logged.list).isEmpty();
  }

  @Test
  void isSilentAboutRefusalsThatNobodyWaitsFor() throws IOException, InterruptedException {
    try (RawClient client = listener.connect()) {
      client.send("GET /late HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertThat(LATE.tryAcquire(5, TimeUnit.SECONDS)).isTrue();
      client.abort();
    }

    assertThat(LATE.tryAcquire(5, TimeUnit.SECONDS)).isTrue();
    assertThat(listener.ask("GET", "/hello").body()).isEqualTo("hello");
    assertThat(logged.list).isEmpty();
  }

  private static void refuseLate(ServerRequest request, ServerResponse ignored)
      throws InterruptedException {
    CountDownLatch gone = new CountDownLatch(1);
    try (PeerWatch _ = PeerWatch.start(gone::countDown)) {
      LATE.release();
      assertThat(gone.await(5, TimeUnit.SECONDS)).isTrue();
    }
    LATE.release();
    throw new Conflict(request.path().path());
  }

  private static void isErrorWithTraceId(ILoggingEvent event) {
    assertThat(event.getLevel()).isEqualTo(Level.ERROR);
    assertThat(event.getKeyValuePairs()).anyMatch(pair -> pair.value.toString().equals(TRACE));
    assertThat(event.getThrowableProxy().getMessage()).isEqualTo("secret detail");
  }

  private static Logger root() {
    return (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  }
}
