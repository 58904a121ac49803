package io.reflow.gateway.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/// An MCP server over standard input and output, to be run as a child process. Beside the common
/// tools it has some that misbehave as only a process can.
public final class StdioServer {

  private static final String MANNER = "--manner=";

  private final FakeTools tools = new FakeTools();
  private final PrintStream out =
      new PrintStream(new FileOutputStream(FileDescriptor.out), true, UTF_8);
  private final ReentrantLock writing = new ReentrantLock();

  private final AtomicInteger lines = new AtomicInteger();
  private final FakeStatelessTools stateless = new FakeStatelessTools();
  private Manner manner = Manner.INITIALIZE;

  private StdioServer() {
    tools.apart(this::send);
  }

  /// How the server takes what comes before all else.
  public enum Manner {
    /// It knows `initialize`, and refuses everything before it.
    INITIALIZE,
    /// It ends when it hears anything else first.
    DIES,
    /// It says nothing to what it does not know.
    IGNORES,
    /// It knows no `initialize`.
    STATELESS,
    /// The same, but it takes its time for the first answer, and begins with noise.
    SLOW_STATELESS
  }

  /// Serves until its input ends.
  ///
  /// @param arguments the manner if it is not the usual one, and the tools to list
  public static void main(String[] arguments) throws IOException {
    var server = new StdioServer();
    List<String> names = new ArrayList<>(List.of(arguments));
    if (!names.isEmpty() && names.getFirst().startsWith(MANNER)) {
      server.manner = Manner.valueOf(names.removeFirst().substring(MANNER.length()));
    }
    if (!names.isEmpty()) {
      server.tools.list(names);
      server.stateless.list(names);
    }
    server.run();
  }

  /// The command that runs this server, with another manner than usual.
  public static List<String> command(Manner manner) {
    return command(MANNER + manner.name());
  }

  /// The command that runs this server as a child of a test.
  ///
  /// @param arguments the tools to list
  public static List<String> command(String... arguments) {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    Path classes =
        Path.of(StdioServer.class.getProtectionDomain().getCodeSource().getLocation().getPath());
    List<String> command =
        new ArrayList<>(
            List.of(
                java.toString(),
                "-Xshare:auto",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classes.toString(),
                StdioServer.class.getName()));
    command.addAll(Arrays.asList(arguments));
    return command;
  }

  private void run() throws IOException {
    tools.apart(this::send);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    String line = in.readLine();
    while (line != null) {
      receive(line);
      line = in.readLine();
    }
  }

  private void receive(String line) {
    boolean first = lines.incrementAndGet() == 1;
    if (first && !FakeTools.method(line).equals("initialize")) {
      switch (manner) {
        case DIES -> {
          System.err.println("expected initialize");
          Runtime.getRuntime().halt(4);
        }
        case IGNORES -> {
          return;
        }
        case INITIALIZE, STATELESS, SLOW_STATELESS -> {}
      }
    }
    if (isStateless()) {
      receiveStateless(line, first);
    } else if (FakeTools.id(line).isEmpty() || FakeTools.method(line).isEmpty()) {
      tools.note(line);
    } else {
      Thread.ofVirtual().start(() -> work(line));
    }
  }

  private boolean isStateless() {
    return manner == Manner.STATELESS || manner == Manner.SLOW_STATELESS;
  }

  private void receiveStateless(String line, boolean first) {
    if (FakeTools.id(line).isEmpty() || FakeTools.method(line).isEmpty()) {
      stateless.note(line);
      return;
    }
    boolean slow = first && manner == Manner.SLOW_STATELESS;
    Thread.ofVirtual()
        .start(() -> {
          try {
            if (slow) {
              send("Loading ...");
              Thread.sleep(1500);
            }
            if (FakeTools.toolName(line).equals("listening")
                && FakeTools.method(line).equals("tools/call")) {
              send(
                  FakeTools.result(
                      FakeTools.id(line), "{\"listening\":" + stateless.listening() + "}"));
            } else {
              stateless.work(line, this::send);
            }
          } catch (IOException e) {
            throw new IllegalStateException(e);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private void work(String request) {
    try {
      switch (FakeTools.toolName(request)) {
        case "exit" -> {
          System.err.println("giving up, token was " + System.getenv("TOKEN"));
          Runtime.getRuntime().halt(3);
        }
        case "garbage" -> {
          send("Hello, I am a server!");
          send("{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"result\":{}}");
          raw(new byte[] {(byte) 0xFF, (byte) 0xFE, '\n'});
          send(FakeTools.result(FakeTools.id(request), "{}"));
        }
        case "flood" -> {
          while (true) {
            send("noise noise noise noise noise noise noise");
          }
        }
        case "endless" -> {
          while (true) {
            raw("x".repeat(8192).getBytes(UTF_8));
          }
        }
        case "complain" -> {
          for (int i = 0; i < FakeTools.count(request); i++) {
            System.err.println("line " + i + " " + "e".repeat(5000));
          }
          send(FakeTools.result(FakeTools.id(request), "{}"));
        }
        case "subscribed" ->
            send(
                FakeTools.result(
                    FakeTools.id(request),
                    "{\"uris\":\"" + String.join(" ", tools.subscribed()) + "\"}"));
        case "lines" -> send(FakeTools.result(FakeTools.id(request), "{\"lines\":" + lines + "}"));
        case "whoami" ->
            send(
                FakeTools.result(
                    FakeTools.id(request),
                    "{\"pid\":%d,\"greeting\":\"%s\"}"
                        .formatted(ProcessHandle.current().pid(), System.getenv("GREETING"))));
        case "tty" ->
            send(
                FakeTools.result(
                    FakeTools.id(request),
                    "{\"tty\":"
                        + Files.readSymbolicLink(Path.of("/proc/self/fd/1")).startsWith("/dev/pts")
                        + "}"));
        case "spawn" -> spawn(FakeTools.id(request));
        case "traceparent" ->
            send(
                FakeTools.result(
                    FakeTools.id(request),
                    "{\"traceparent\":\"%s\"}".formatted(System.getenv("TRACEPARENT"))));
        case "environment" ->
            send(
                FakeTools.result(
                    FakeTools.id(request),
                    "{\"names\":\"" + String.join(",", System.getenv().keySet()) + "\"}"));
        default -> tools.work(request, this::send);
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// A grandchild in the group, one that left it, and one whose parent is gone as well.
  private void spawn(String id) throws IOException {
    String script =
        "sleep 987 & echo $!; setsid sleep 987 & echo $!;"
            + " (setsid sh -c 'sleep 987 & echo $!; exit 0')";
    Process shell = new ProcessBuilder("sh", "-c", script).start();
    try (BufferedReader in = shell.inputReader(UTF_8)) {
      List<String> pids = List.of(in.readLine(), in.readLine(), in.readLine());
      send(FakeTools.result(id, "{\"pids\":[" + String.join(",", pids) + "]}"));
    }
  }

  private void send(String line) {
    raw((line + "\n").getBytes(UTF_8));
  }

  private void raw(byte[] bytes) {
    writing.lock();
    try {
      out.write(bytes, 0, bytes.length);
      out.flush();
    } finally {
      writing.unlock();
    }
  }
}
