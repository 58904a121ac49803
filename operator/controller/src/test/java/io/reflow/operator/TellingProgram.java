package io.reflow.operator;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/// A program for pods, which tells its variables and arguments. It listens on the port that its
/// variable `PORT` names.
final class TellingProgram {

  private TellingProgram() {}

  /// How it is run.
  static List<String> command() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-cp",
        Path.of(TellingProgram.class.getProtectionDomain().getCodeSource().getLocation().getPath())
            .toString(),
        TellingProgram.class.getName());
  }

  /// With the argument `deaf` it does not end when it is told to.
  public static void main(String... arguments) throws IOException {
    List<String> given = List.of(arguments);
    if (given.contains("deaf")) {
      Runtime.getRuntime().addShutdownHook(new Thread(TellingProgram::hang));
    }
    int port = Integer.parseInt(System.getenv("PORT"));
    HttpServer server = HttpServer.create(new InetSocketAddress(port), 64);
    server.createContext("/health", exchange -> answer(exchange, "well"));
    server.createContext("/arguments", exchange -> answer(exchange, String.join(" ", given)));
    server.createContext("/variables", exchange -> answer(exchange, variables(System.getenv())));
    server.createContext("/end", _ -> System.exit(3));
    server.start();
  }

  private static String variables(Map<String, String> environment) {
    var lines = new StringBuilder();
    environment.forEach((name, value) -> lines.append(name).append('=').append(value).append('\n'));
    return lines.toString();
  }

  private static void hang() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private static void answer(HttpExchange exchange, String text) throws IOException {
    try (exchange) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(200, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }
}
