package io.reflow.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.HttpRouting;
import io.reflow.gateway.config.ManagementConfig;
import io.reflow.gateway.config.ServerConfig;
import io.reflow.gateway.testing.RawClient;
import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ListenerOptionsTest {

  private static final Duration LONG = Duration.ofMinutes(5);

  @Test
  void letsRunningRequestsFinishWhenItStops() throws IOException, InterruptedException {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch stopping = new CountDownLatch(1);
    TestListener listener =
        new TestListener(
            TestListener.config(LONG, LONG, LONG),
            routing ->
                routing.get(
                    "/slow",
                    (_, response) -> {
                      running.countDown();
                      var _ = stopping.await(15, TimeUnit.SECONDS);
                      response.send("finished");
                    }));
    // The first one has been accepted, not only connected, when the second one is served.
    try (RawClient idle = listener.connect();
        RawClient client = listener.connect()) {
      client.send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertThat(running.await(20, TimeUnit.SECONDS)).isTrue();
      Thread stop = Thread.startVirtualThread(listener::close);
      assertThat(idle.rest()).isEmpty();
      stopping.countDown();

      assertThat(client.answer().body()).isEqualTo("finished");
      assertThat(stop.join(Duration.ofSeconds(15))).isTrue();
    }
  }

  @Test
  void endsWhatDoesNotFinishWithinTheGrace() throws IOException, InterruptedException {
    CountDownLatch running = new CountDownLatch(1);
    TestListener listener =
        new TestListener(
            TestListener.config(LONG, LONG, LONG),
            routing ->
                routing.get(
                    "/stuck",
                    (_, response) -> {
                      running.countDown();
                      new CountDownLatch(1).await();
                      response.send("never");
                    }));
    try (RawClient client = listener.connect()) {
      client.send("GET /stuck HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertThat(running.await(20, TimeUnit.SECONDS)).isTrue();
      long start = System.nanoTime();
      listener.close();

      assertThat(client.rest()).doesNotContain("never", "Exception");
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
    }
  }

  @Test
  void givesAFreedPlaceToTheNextConnection() throws IOException {
    ServerConfig hasty = TestListener.config(Duration.ofSeconds(3), LONG, LONG);
    try (TestListener listener = new TestListener(hasty, TestListener::echo)) {
      RawClient[] silent = new RawClient[100];
      for (int i = 0; i < silent.length; i++) {
        silent[i] = listener.connect();
      }

      assertThat(listener.ask("GET", "/hello").body()).isEqualTo("hello");

      for (RawClient client : silent) {
        client.close();
      }
    }
  }

  @Test
  void listensForManagementUnderAnyName() throws IOException {
    ListenerOptions options = new ListenerOptions(TestListener.config(), Optional.empty());
    WebServerConfig.Builder builder = WebServer.builder();
    options.apply(builder);
    HttpRouting.Builder routing = HttpRouting.builder();
    TestListener.echo(routing);
    builder.putSocket(
        "management",
        options.management("management", new ManagementConfig(true, "127.0.0.1", 0), routing));
    WebServer server = builder.build().start();
    try (RawClient client = new RawClient(server.port("management"))) {
      assertThat(client.ask("GET", "/hello", "", "Host: 10.0.0.7").body()).isEqualTo("hello");
      assertThat(client.ask("GET", "/nowhere", "", "Host: 10.0.0.7").body())
          .contains("\"code\":\"not-found\"");
    } finally {
      server.stop();
    }
  }

  @Test
  void refusesWhatIsSentAfterItStopped() throws IOException {
    TestListener listener = new TestListener(TestListener::echo);
    int port = listener.port();
    listener.close();

    assertThatThrownBy(() -> new RawClient(port)).isInstanceOf(SocketException.class);
  }
}
