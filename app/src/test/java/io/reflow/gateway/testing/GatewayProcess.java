package io.reflow.gateway.testing;

import io.reflow.gateway.Main;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A gateway in a process of its own, over the database of another one, for tests that kill it. A
/// restart keeps its port and its data.
public final class GatewayProcess implements AutoCloseable {

  private final TestGateway beside;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Map<String, String> environment;
  private final Path output;
  private final int port;
  private final List<String> front;
  private Process process;

  public GatewayProcess(TestGateway beside, Path folder, Map<String, String> settings) {
    this(beside, folder, settings, List.of());
  }

  /// @param front a command that becomes the gateway
  public GatewayProcess(
      TestGateway beside, Path folder, Map<String, String> settings, List<String> front) {
    this.front = List.copyOf(front);
    this.beside = beside;
    this.port = freePort();
    this.output = folder.resolve("output");
    Map<String, String> all = new HashMap<>(settings);
    all.put("SERVER_PORT", Integer.toString(port));
    this.environment = TestGateway.environment(beside.database(), folder.resolve("data"), all);
    this.process = launch();
  }

  private Process launch() {
    List<String> command = new ArrayList<>(front);
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-XX:+DisableAttachMechanism",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName()));
    var builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
    builder.environment().putAll(environment);
    try {
      Process started = builder.start();
      UpstreamFixtures.await(() -> listening(started));
      return started;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private boolean listening(Process started) throws IOException, InterruptedException {
    if (!started.isAlive()) {
      throw new AssertionError("the gateway has ended: " + Files.readString(output));
    }
    try {
      var ready = HttpRequest.newBuilder(uri("/health/ready")).build();
      return http.send(ready, BodyHandlers.discarding()).statusCode() == 200;
    } catch (ConnectException _) {
      return false;
    }
  }

  public long pid() {
    return process.pid();
  }

  /// What it has started itself.
  public List<Long> children() {
    return process.children().map(ProcessHandle::pid).toList();
  }

  public URI uri(String path) {
    return URI.create("http://127.0.0.1:%d%s".formatted(port, path));
  }

  public McpTestClient client(String token) {
    return new McpTestClient(http, uri("/mcp"), token);
  }

  /// The gateway that it shares the database with.
  public TestGateway beside() {
    return beside;
  }

  /// Ends it without a chance to do anything.
  public void kill() throws InterruptedException {
    var _ = process.destroyForcibly();
    var _ = process.waitFor(10, TimeUnit.SECONDS);
  }

  /// Asks it to stop, and waits until it has.
  public void terminate() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      throw new AssertionError("the gateway does not stop");
    }
  }

  public void start() {
    process = launch();
  }

  private static int freePort() {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws InterruptedException {
    http.shutdownNow();
    kill();
  }
}
