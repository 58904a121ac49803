package io.reflow.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.reflow.gateway.testing.RawClient;
import java.io.IOException;
import java.time.Duration;
import java.util.NoSuchElementException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PeerWatchTest {

  private final CountDownLatch gone = new CountDownLatch(1);
  private final CountDownLatch watching = new CountDownLatch(1);
  private final Semaphore mayAnswer = new Semaphore(0);
  private TestListener listener;

  @BeforeEach
  void listen() {
    listener =
        new TestListener(
            TestListener.config(
                Duration.ofMinutes(1), Duration.ofMinutes(1), Duration.ofMillis(2500)),
            routing -> {
              TestListener.echo(routing);
              routing.post("/silent", this::answerWhenTold);
            });
  }

  private void answerWhenTold(ServerRequest request, ServerResponse response)
      throws InterruptedException {
    byte[] body = RequestBody.read(request);
    try (PeerWatch _ = PeerWatch.start(gone::countDown)) {
      watching.countDown();
      var _ = mayAnswer.tryAcquire(30, TimeUnit.SECONDS);
      response.send(body);
    }
  }

  @AfterEach
  void stop() {
    mayAnswer.release(10);
    listener.close();
  }

  @Test
  void tellsAtOnceThatTheClientHasLeftASilentCall() throws IOException, InterruptedException {
    try (RawClient client = listener.connect()) {
      client.send("POST /silent HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi");
      assertThat(watching.await(20, TimeUnit.SECONDS)).isTrue();
    }

    assertThat(gone.await(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void saysNothingOfAClientThatStays() throws IOException, InterruptedException {
    try (RawClient client = listener.connect()) {
      mayAnswer.release(2);
      assertThat(client.ask("POST", "/silent", "one").body()).isEqualTo("one");
      assertThat(client.ask("POST", "/silent", "two").body()).isEqualTo("two");
      assertThat(client.ask("GET", "/hello", "").body()).isEqualTo("hello");
    }

    assertThat(gone.await(200, TimeUnit.MILLISECONDS)).isFalse();
  }

  @Test
  void keepsWhatTheClientSendsMeanwhile() throws IOException, InterruptedException {
    try (RawClient client = listener.connect()) {
      client.send("POST /silent HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi");
      assertThat(watching.await(20, TimeUnit.SECONDS)).isTrue();
      client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
      mayAnswer.release();

      assertThat(client.answer().body()).isEqualTo("hi");
      assertThat(client.answer().body()).isEqualTo("hello");
    }
  }

  @Test
  void leavesIdleConnectionsToTheirDeadline() throws IOException {
    try (RawClient client = listener.connect()) {
      mayAnswer.release();
      assertThat(client.ask("POST", "/silent", "one").body()).isEqualTo("one");

      assertThat(client.rest()).isEmpty();
    }
  }

  @Test
  void watchesNobodyOutsideARequest() {
    assertThatThrownBy(() -> PeerWatch.start(gone::countDown))
        .isInstanceOf(NoSuchElementException.class);
  }
}
