package io.reflow.gateway.bench;

import io.helidon.common.socket.SocketOptions;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.reflow.gateway.config.LoggingConfig;
import io.reflow.gateway.telemetry.Logging;
import java.io.IOException;
import java.util.function.Consumer;

/// Helidon with nothing around it. Says its port on standard output and ends with standard input:
/// so it does not outlive the run, however that ends.
final class BareServer {

  /// As the gateway logs; by default a logger writes a line for each request.
  static final LoggingConfig QUIET =
      new LoggingConfig(LoggingConfig.Level.WARN, LoggingConfig.Format.TEXT);

  private BareServer() {}

  static void run(Consumer<HttpRouting.Builder> routes) throws IOException {
    Logging.configure(QUIET);
    HttpRouting.Builder routing = HttpRouting.builder();
    routes.accept(routing);
    WebServer server =
        WebServer.builder()
            .host("127.0.0.1")
            .port(0)
            .featuresDiscoverServices(false)
            .connectionOptions(SocketOptions.builder().tcpNoDelay(true).build())
            .routing(routing)
            .build()
            .start();
    System.out.println(ServerProcess.PORT + server.port());
    while (System.in.read() >= 0) {
      // Nobody says anything.
    }
    server.stop();
  }
}
