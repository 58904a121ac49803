package io.reflow.gateway.testing;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// As much of a gateway as `install.sh` can see: it keeps state, becomes ready or dies.
public final class FakeGateway {

  private FakeGateway() {}

  public static void main(String[] args) throws IOException {
    Path data = Path.of(System.getenv("SERVER_DATA_DIR"));
    Files.writeString(
        data.resolve("starts"), "x", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    if (System.getenv("FAKE_FAILURE") != null) {
      throw new IllegalStateException(System.getenv("FAKE_FAILURE"));
    }
    int port = Integer.parseInt(System.getenv("SERVER_PORT"));
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    int[] asked = {0};
    server.createContext(
        "/health/ready",
        exchange -> {
          asked[0]++;
          exchange.sendResponseHeaders(asked[0] < 3 ? 503 : 200, -1);
          exchange.close();
        });
    server.start();
  }
}
