package io.reflow.gateway.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// An MCP server over HTTP in a process of its own, which ends when this is closed.
public final class RunningServer implements AutoCloseable {

  private static final Pattern READY = Pattern.compile("listening|running on port");
  private static final Pattern URL = Pattern.compile("http://\\S+");

  private final Process process;
  private final URI url;
  private final Runnable afterwards;

  private RunningServer(Process process, Optional<URI> url, Runnable afterwards)
      throws IOException {
    this.process = process;
    this.afterwards = afterwards;
    BufferedReader errors = process.errorReader(UTF_8);
    String line = errors.readLine();
    while (line != null && !READY.matcher(line).find()) {
      line = errors.readLine();
    }
    if (line == null) {
      throw new IOException("the server ended before it was listening");
    }
    Matcher told = URL.matcher(line);
    this.url = url.orElseGet(() -> URI.create(told.results().findFirst().orElseThrow().group()));
    Thread _ =
        Thread.ofVirtual().name("server-errors").start(() -> errors.lines().forEach(_ -> {}));
  }

  /// A server that says where it listens.
  static RunningServer start(List<String> command) {
    return start(new ProcessBuilder(command), Optional.empty(), () -> {});
  }

  /// A server that takes its port from its environment.
  static RunningServer start(List<String> command, String path) {
    ReservedPorts ports = ReservedPorts.inARow(1);
    var builder = new ProcessBuilder(command);
    builder.environment().putAll(Map.of("PORT", Integer.toString(ports.first())));
    var url = URI.create("http://127.0.0.1:%d%s".formatted(ports.first(), path));
    return start(builder, Optional.of(url), ports::close);
  }

  private static RunningServer start(
      ProcessBuilder builder, Optional<URI> url, Runnable afterwards) {
    try {
      return new RunningServer(
          builder.redirectOutput(ProcessBuilder.Redirect.DISCARD).start(), url, afterwards);
    } catch (IOException e) {
      afterwards.run();
      throw new UncheckedIOException(e);
    }
  }

  public URI url() {
    return url;
  }

  @Override
  public void close() {
    Process _ = process.destroyForcibly();
    process.onExit().join();
    afterwards.run();
  }
}
