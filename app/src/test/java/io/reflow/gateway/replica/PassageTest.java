package io.reflow.gateway.replica;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PassageTest {

  private static final byte[] BODY = "{\"a\":1}".getBytes(StandardCharsets.UTF_8);

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Passage passage = new Passage(_ -> {});
  private ServerSocket other;

  @BeforeEach
  void open() throws IOException {
    other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  }

  @AfterEach
  void close() throws IOException {
    passage.close();
    client.shutdownNow();
    other.close();
  }

  private HttpRequest request(byte[] body) {
    URI uri = URI.create("http://127.0.0.1:" + other.getLocalPort());
    return HttpRequest.newBuilder(uri).method("POST", passage.body(body)).build();
  }

  private void exchange(HttpRequest request, CompletableFuture<HttpResponse<InputStream>> answer) {
    try {
      answer.complete(client.send(request, BodyHandlers.ofInputStream()));
    } catch (IOException e) {
      answer.completeExceptionally(e);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void start(byte[] body) {
    HttpRequest request = request(body);
    passage.start(answer -> exchange(request, answer));
  }

  private Socket acceptWhole() throws IOException {
    Socket accepted = other.accept();
    var read = new StringBuilder();
    while (read.indexOf("1}") < 0) {
      read.append((char) accepted.getInputStream().read());
    }
    return accepted;
  }

  @Test
  void whatIsBrokenOffBeforeItLeavesHasReachedNobody() {
    HttpRequest request = request(BODY);
    passage.breakOff();
    passage.start(_ -> {});

    assertThatThrownBy(passage::answer).isInstanceOf(Passage.Unreached.class);
    assertThatThrownBy(() -> client.send(request, BodyHandlers.discarding()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("broken off before it left");
  }

  @Test
  void whatFindsNobodyHasReachedNobody() throws IOException {
    other.close();

    start(BODY);

    assertThatThrownBy(passage::answer).isInstanceOf(Passage.Unreached.class);
  }

  @Test
  void nobodyKnowsWhatBecameOfWhatHasLeft() throws IOException {
    start(BODY);

    try (Socket _ = acceptWhole()) {
      passage.breakOff();
      assertThatThrownBy(passage::answer).isExactlyInstanceOf(IOException.class);
    }
  }

  @Test
  void nobodyKnowsWhatTheOtherDidBeforeItHungUp() throws IOException {
    start(BODY);

    acceptWhole().close();

    assertThatThrownBy(passage::answer).isExactlyInstanceOf(IOException.class);
  }
}
