package io.reflow.gateway.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/// Real MCP servers from npm, as the lock file in `src/test/npm` has them. Installed into the build
/// folder by the first test that wants them, and kept there until the lock file changes.
public final class NodeServers {

  private static final Path SOURCE = Path.of("src", "test", "npm");
  private static final Path FOLDER = Path.of("target", "npm");
  private static final List<String> FILES = List.of("package.json", "package-lock.json");
  private static final long INSTALL_MINUTES = 5;

  private final Path modules;
  private final String node;

  private NodeServers(Path modules, String node) {
    this.modules = modules;
    this.node = node;
  }

  /// The servers, ready to run. Where there is no Node the test is skipped, but not in CI.
  public static NodeServers install() throws InterruptedException {
    Optional<String> node = program("node");
    Optional<String> npm = program("npm");
    if (node.isEmpty() || npm.isEmpty()) {
      String reason = "node and npm are needed to run real MCP servers";
      if (Optional.ofNullable(System.getenv("CI")).filter("true"::equals).isPresent()) {
        throw new AssertionError(reason);
      }
      return Assumptions.abort(reason);
    }
    try {
      installOnce(npm.get());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new NodeServers(FOLDER.resolve("node_modules").toAbsolutePath(), node.get());
  }

  private static Optional<String> program(String name) {
    return Stream.of(
            Optional.ofNullable(System.getenv("PATH")).orElse("").split(File.pathSeparator))
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst();
  }

  /// The lock is for test runs side by side; the copy of the lock file says what is installed.
  private static void installOnce(String npm) throws IOException, InterruptedException {
    Files.createDirectories(FOLDER);
    try (FileChannel channel =
            FileChannel.open(
                FOLDER.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock _ = channel.lock()) {
      Path installed = FOLDER.resolve("installed");
      Path wanted = SOURCE.resolve("package-lock.json");
      if (Files.exists(installed) && Files.mismatch(installed, wanted) == -1) {
        return;
      }
      for (String file : FILES) {
        Files.copy(SOURCE.resolve(file), FOLDER.resolve(file), StandardCopyOption.REPLACE_EXISTING);
      }
      run(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund");
      Files.copy(wanted, installed, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static void run(String... command) throws IOException, InterruptedException {
    Path log = FOLDER.resolve("npm.log");
    Process process =
        new ProcessBuilder(command)
            .directory(FOLDER.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    if (!process.waitFor(INSTALL_MINUTES, TimeUnit.MINUTES)) {
      Process _ = process.destroyForcibly();
      throw new AssertionError("npm took too long: " + Files.readString(log));
    }
    if (process.exitValue() != 0) {
      throw new AssertionError("npm failed: " + Files.readString(log));
    }
  }

  /// The command of the server that has something of everything.
  public List<String> everything() {
    return command("server-everything", "stdio");
  }

  /// The command of the server that reads and writes files below a folder.
  public List<String> filesystem(Path folder) {
    return command("server-filesystem", folder.toString());
  }

  private List<String> command(String server, String argument) {
    Path program = modules.resolve(Path.of("@modelcontextprotocol", server, "dist", "index.js"));
    return List.of(node, program.toString(), argument);
  }

  /// Starts the server that has something of everything over Streamable HTTP.
  public Running everythingOverHttp() {
    return everything("streamableHttp", "/mcp", "listening");
  }

  /// Starts the same server over HTTP+SSE.
  public Running everythingOverSse() {
    return everything("sse", "/sse", "running");
  }

  private Running everything(String transport, String path, String ready) {
    int port = freePort();
    var builder = new ProcessBuilder(command("server-everything", transport));
    builder.environment().put("PORT", Integer.toString(port));
    try {
      return new Running(
          builder.redirectOutput(ProcessBuilder.Redirect.DISCARD).start(),
          URI.create("http://127.0.0.1:%d%s".formatted(port, path)),
          ready);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int freePort() {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A server in a process of its own, which ends when this is closed.
  public static final class Running implements AutoCloseable {
    private final Process process;
    private final URI url;

    /// @param ready what it says when it can be used
    private Running(Process process, URI url, String ready) throws IOException {
      this.process = process;
      this.url = url;
      BufferedReader errors = process.errorReader(UTF_8);
      String line = errors.readLine();
      while (line != null && !line.contains(ready)) {
        line = errors.readLine();
      }
      if (line == null) {
        throw new IOException("the server ended before it was listening");
      }
      Thread _ =
          Thread.ofVirtual().name("server-errors").start(() -> errors.lines().forEach(_ -> {}));
    }

    public URI url() {
      return url;
    }

    @Override
    public void close() {
      Process _ = process.destroyForcibly();
      process.onExit().join();
    }
  }
}
