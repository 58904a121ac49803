package io.reflow.gateway.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.reflow.gateway.Main;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A gateway in a process of its own, over the database of another one, for tests that kill it. A
/// restart keeps its port and its data.
public final class GatewayProcess implements AutoCloseable {

  private static final Pattern LISTENING =
      Pattern.compile("The gateway is listening.*\\bport\\W+(\\d+).*\\bmanagementPort\\W+(-?\\d+)");

  private final TestGateway beside;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Map<String, String> environment;
  private final Path output;
  private final List<String> options;
  private final List<String> front;
  private final String classPath;
  private int port;
  private int managementPort;
  private Process process;

  public GatewayProcess(
      TestGateway beside, Path folder, Map<String, String> settings, String... options) {
    this(beside, folder, settings, List.of(), options);
  }

  /// @param front a command that becomes the gateway
  /// @param options of the JVM
  public GatewayProcess(
      TestGateway beside,
      Path folder,
      Map<String, String> settings,
      List<String> front,
      String... options) {
    this(beside, folder, settings, front, System.getProperty("java.class.path"), options);
  }

  /// One that has what is shipped, and no more.
  public static GatewayProcess shipped(
      TestGateway beside, Path folder, Map<String, String> settings) {
    return new GatewayProcess(
        beside, folder, settings, List.of(), "target/reflow-gateway.jar", new String[0]);
  }

  private GatewayProcess(
      TestGateway beside,
      Path folder,
      Map<String, String> settings,
      List<String> front,
      String classPath,
      String[] options) {
    this.classPath = classPath;
    this.front = List.copyOf(front);
    this.beside = beside;
    this.options = List.of(options);
    this.output = folder.resolve("output");
    Map<String, String> all = new HashMap<>(settings);
    all.putIfAbsent("SERVER_PUBLIC_URL", "http://localhost:3000");
    this.environment = TestGateway.environment(beside.database(), folder.resolve("data"), all);
    this.process = launch();
  }

  private Process launch() {
    List<String> command = new ArrayList<>(front);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:+DisableAttachMechanism"));
    command.addAll(options);
    command.addAll(List.of("-cp", classPath, Main.class.getName()));
    var builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
    builder.environment().putAll(environment);
    // The system chooses a port that is free; a restart keeps it.
    builder.environment().put("SERVER_PORT", Integer.toString(port));
    try {
      long before = Files.exists(output) ? Files.size(output) : 0;
      Process started = builder.start();
      UpstreamFixtures.await(() -> listening(started, before));
      return started;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private boolean listening(Process started, long before) throws IOException, InterruptedException {
    if (!started.isAlive()) {
      throw new AssertionError("the gateway has ended: " + Files.readString(output));
    }
    Matcher ports = LISTENING.matcher(outputSince(before));
    if (!ports.find()) {
      return false;
    }
    port = Integer.parseInt(ports.group(1));
    managementPort = Integer.parseInt(ports.group(2));
    try {
      var ready =
          HttpRequest.newBuilder(uri("/health/ready")).timeout(Duration.ofSeconds(10)).build();
      return http.send(ready, BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException _) {
      return false;
    }
  }

  private String outputSince(long before) throws IOException {
    try (InputStream all = Files.newInputStream(output)) {
      all.skipNBytes(before);
      return new String(all.readAllBytes(), UTF_8);
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

  public int port() {
    return port;
  }

  public int managementPort() {
    return managementPort;
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

  @Override
  public void close() throws InterruptedException {
    http.shutdownNow();
    kill();
  }
}
