package io.reflow.operator.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import tools.jackson.databind.JsonNode;

/// Asks a program whether it is well, in the way that its pod says.
final class Prober implements AutoCloseable {

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  /// @param port where the program really listens
  boolean ask(JsonNode probe, int port) throws InterruptedException {
    var patience = Duration.ofSeconds(probe.path("timeoutSeconds").asInt(1));
    return probe.has("httpGet")
        ? http(probe.at("/httpGet/path").asString("/"), port, patience)
        : tcp(port, patience);
  }

  private boolean http(String path, int port, Duration patience) throws InterruptedException {
    var request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).timeout(patience);
    try {
      int status = http.send(request.build(), BodyHandlers.discarding()).statusCode();
      return status >= 200 && status < 400;
    } catch (IOException _) {
      return false;
    }
  }

  private static boolean tcp(int port, Duration patience) {
    try (var socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), port), (int) patience.toMillis());
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
