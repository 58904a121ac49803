package io.reflow.gateway.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.webserver.http.HttpRouting;
import io.reflow.gateway.config.ServerConfig;
import io.reflow.gateway.testing.RawClient;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Each test makes only the deadline short that it is about: a machine that stands still for some
/// seconds runs into no other.
@Timeout(60)
class SlowSenderTest {

  private static final Duration LONG = Duration.ofMinutes(1);
  private static final ServerConfig HASTY_HEADERS =
      TestListener.config(Duration.ofSeconds(1), LONG, LONG);
  private static final ServerConfig HASTY_BODY =
      TestListener.config(LONG, Duration.ofMillis(1300), LONG);
  private static final ServerConfig HASTY_IDLE =
      TestListener.config(LONG, LONG, Duration.ofMillis(2500));

  /// Where a request has to be answered before another one is too slow.
  private static final ServerConfig LESS_HASTY_HEADERS =
      TestListener.config(Duration.ofSeconds(5), LONG, LONG);

  /// For what takes longer than any deadline.
  private static final ServerConfig HASTY =
      TestListener.config(Duration.ofSeconds(3), Duration.ofSeconds(3), Duration.ofSeconds(3));

  private final AtomicReference<Thread> handler = new AtomicReference<>();
  private @Nullable TestListener listener;
  private long start;

  @AfterEach
  void stop() {
    if (listener != null) {
      listener.close();
    }
  }

  private RawClient connect(ServerConfig deadlines) throws IOException {
    listener = new TestListener(deadlines, this::routes);
    start = System.nanoTime();
    return listener.connect();
  }

  private void routes(HttpRouting.Builder routing) {
    TestListener.echo(routing);
    routing.post(
        "/watched",
        (request, response) -> {
          handler.set(Thread.currentThread());
          response.send(request.content().as(byte[].class));
        });
    routing.get(
        "/large",
        (_, response) -> {
          handler.set(Thread.currentThread());
          response.send(new byte[20_000_000]);
        });
    routing.get(
        "/slow",
        (_, response) -> {
          Thread.sleep(3500);
          response.send("at last");
        });
    routing.get(
        "/stream",
        (_, response) -> {
          try (OutputStream out = response.outputStream()) {
            for (int i = 0; i < 8; i++) {
              out.write(("event " + i + "\n").getBytes(UTF_8));
              out.flush();
              Thread.sleep(400);
            }
          }
        });
  }

  @Test
  void idleConnectionsMakeRoom() throws IOException {
    ServerConfig patient =
        TestListener.config(
            Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofMinutes(5), 8);
    List<RawClient> clients = new ArrayList<>();
    try (var full = new TestListener(patient, TestListener::echo)) {
      for (int i = 0; i < 30; i++) {
        RawClient client = full.connect();
        clients.add(client);
        assertThat(client.ask("GET", "/hello", "").status()).isEqualTo(200);
      }
      assertThat(clients.getFirst().rest()).isEmpty();
    } finally {
      for (RawClient client : clients) {
        client.close();
      }
    }
  }

  @Test
  void closesAConnectionThatNeverSendsAByte() throws IOException {
    try (RawClient client = connect(HASTY_HEADERS)) {
      assertThat(client.rest()).isEmpty();
    }
    assertThat(elapsed()).isGreaterThan(950L);
  }

  @Test
  void answers408ToHeadersThatStop() throws IOException {
    try (RawClient client = connect(HASTY_HEADERS)) {
      client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nX-Part");

      assertRequestTimeout(client);
    }
    assertThat(elapsed()).isGreaterThan(950L);
  }

  @Test
  void answers408ToARequestLineThatStops() throws IOException {
    try (RawClient client = connect(HASTY_HEADERS)) {
      client.send("GE");

      assertRequestTimeout(client);
    }
  }

  @Test
  void countsHeadersThatTrickleAsOneWait() throws IOException {
    try (RawClient client = connect(HASTY_HEADERS)) {
      client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\nX-Drip: ");
      Thread dripping = drip(client);

      assertRequestTimeout(client);
      dripping.interrupt();
    }
    assertThat(elapsed()).isGreaterThan(950L);
  }

  @Test
  void answers408ToTheSecondRequestOfAConnectionWhenItsHeadersStop() throws IOException {
    try (RawClient client = connect(LESS_HASTY_HEADERS)) {
      assertThat(client.ask("GET", "/hello", "").status()).isEqualTo(200);
      client.send("GET /hello HTT");

      assertRequestTimeout(client);
    }
  }

  @Test
  void answers408ToPipelinedHeadersThatStop() throws IOException {
    try (RawClient client = connect(LESS_HASTY_HEADERS)) {
      client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\nGET /hello HTTP/1.1\r\nHo");
      assertThat(client.answer().status()).isEqualTo(200);

      assertRequestTimeout(client);
    }
  }

  @Test
  void answers408ToABodyThatStopsAndFreesTheThread() throws IOException, InterruptedException {
    try (RawClient client = connect(HASTY_BODY)) {
      client.send("POST /watched HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc");

      assertRequestTimeout(client);
    }
    assertThat(elapsed()).isGreaterThan(1250L);
    assertThat(handler.get().join(Duration.ofSeconds(30))).isTrue();
  }

  @Test
  void answers408ToAChunkedBodyThatTrickles() throws IOException {
    try (RawClient client = connect(HASTY_BODY)) {
      client.send(
          "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n");
      Thread dripping = drip(client);

      assertRequestTimeout(client);
      dripping.interrupt();
    }
    assertThat(elapsed()).isGreaterThan(1250L);
  }

  @Test
  void endsABodyThatNobodyReadsToo() throws IOException {
    try (RawClient client = connect(HASTY_BODY)) {
      client.send("POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc");

      assertThat(client.rest()).contains("404");
    }
  }

  @Test
  void closesAnIdleConnectionWithoutAWord() throws IOException {
    try (RawClient client = connect(HASTY_IDLE)) {
      assertThat(client.ask("GET", "/hello", "").status()).isEqualTo(200);
      assertThat(client.rest()).isEmpty();
    }
    assertThat(elapsed()).isGreaterThan(2450L);
  }

  @Test
  void givesHandlersAsMuchTimeAsTheyLike() throws IOException {
    try (RawClient client = connect(HASTY)) {
      assertThat(client.ask("GET", "/slow", "").body()).isEqualTo("at last");
      assertThat(client.ask("GET", "/hello", "").body()).isEqualTo("hello");
    }
  }

  @Test
  void letsAnAnswerStreamPastEveryDeadline() throws IOException {
    try (RawClient client = connect(HASTY)) {
      client.send("GET /stream HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

      assertThat(client.rest()).contains("event 0").contains("event 7");
    }
    assertThat(elapsed()).isGreaterThan(3000L);
  }

  @Test
  void endsAnAnswerThatTheClientDoesNotTake() throws IOException, InterruptedException {
    try (RawClient client = connect(HASTY_IDLE)) {
      client.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertThat(client.head().status()).isEqualTo(200);

      assertThat(handler.get().join(Duration.ofSeconds(30))).isTrue();
    }
    assertThat(elapsed()).isGreaterThan(2450L);
  }

  @Test
  void takesABodyThatComesInPiecesInTime() throws IOException {
    try (RawClient client = connect(TestListener.config())) {
      client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nabc");
      LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
      client.send("def");

      assertThat(client.answer().body()).isEqualTo("abcdef");
    }
  }

  private static void assertRequestTimeout(RawClient client) throws IOException {
    RawClient.Answer answer = client.answer();
    assertThat(answer.status()).isEqualTo(408);
    assertThat(answer.body()).contains("\"code\":\"request-timeout\"").contains("\"trace_id\":");
    assertThat(client.rest()).isEmpty();
  }

  /// One byte every 50 ms until the gateway has had enough.
  private static Thread drip(RawClient client) {
    return Thread.startVirtualThread(() -> {
      try {
        for (int i = 0; i < 200; i++) {
          client.send("x");
          Thread.sleep(50);
        }
      } catch (IOException | InterruptedException _) {
        // The gateway closed the connection: what the test is about.
      }
    });
  }

  private long elapsed() {
    return Duration.ofNanos(System.nanoTime() - start).toMillis();
  }
}
