package io.reflow.gateway.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/// A server in a JVM of its own, with the options that the gateway is started with. Ends when it is
/// closed, and with this JVM.
final class ServerProcess implements AutoCloseable {

  /// What stands before the port in the output of a [BareServer].
  static final String PORT = "listening on port ";

  private static final long LONGEST_START_SECONDS = 120;
  private static final long LONGEST_STOP_SECONDS = 30;
  private static final int MOST_LINES = 1000;

  /// Of the clock that `/proc` counts in: USER_HZ, which is 100 on all machines of today.
  private static final long MILLIS_A_TICK = 10;

  /// As in install.sh and in the image; a test compares them.
  static final List<String> JVM_OPTIONS =
      List.of(
          "-Xms64m",
          "-XX:+UseSerialGC",
          "-XX:+UseCompactObjectHeaders",
          "-XX:+DisableAttachMechanism",
          "--sun-misc-unsafe-memory-access=allow",
          "--enable-native-access=ALL-UNNAMED");

  private final Process process;
  private final Thread atExit;
  private final Thread reader;
  private final CompletableFuture<Integer> port = new CompletableFuture<>();
  private final Queue<String> output = new ConcurrentLinkedQueue<>();

  private ServerProcess(Process process, Function<String, Optional<Integer>> portIn) {
    this.process = process;
    this.atExit = new Thread(process::destroyForcibly);
    Runtime.getRuntime().addShutdownHook(atExit);
    this.reader = Thread.ofPlatform().daemon().name("output").start(() -> read(portIn));
  }

  /// Starts a main class of the class path of this JVM and waits until it listens.
  static ServerProcess start(Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>(onClassPath(main.getName()));
    command.addAll(List.of(arguments));
    return start(
        command,
        Map.of(),
        line ->
            line.startsWith(PORT)
                ? Optional.of(Integer.valueOf(line.substring(PORT.length())))
                : Optional.empty());
  }

  static List<String> onClassPath(String main) {
    return List.of("-cp", System.getProperty("java.class.path", ""), main);
  }

  /// @param command what follows the options of the JVM
  /// @param portIn finds the port in a line of the output, once the server listens
  static ServerProcess start(
      List<String> command,
      Map<String, String> environment,
      Function<String, Optional<Integer>> portIn) {
    List<String> whole = new ArrayList<>();
    whole.add(Path.of(System.getProperty("java.home", ""), "bin", "java").toString());
    whole.addAll(JVM_OPTIONS);
    whole.addAll(command);
    var builder = new ProcessBuilder(whole).redirectErrorStream(true);
    builder.environment().putAll(environment);
    try {
      var server = new ServerProcess(builder.start(), portIn);
      boolean listening = false;
      try {
        server.port();
        listening = true;
        return server;
      } finally {
        if (!listening) {
          server.close();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void read(Function<String, Optional<Integer>> portIn) {
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      int kept = 0;
      String line = lines.readLine();
      while (line != null) {
        if (kept < MOST_LINES) {
          output.add(line);
          kept++;
        }
        portIn.apply(line).ifPresent(port::complete);
        line = lines.readLine();
      }
      port.completeExceptionally(new IllegalStateException("the server has ended"));
    } catch (IOException e) {
      port.completeExceptionally(e);
    }
  }

  int port() {
    try {
      return port.get(LONGEST_START_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("a server did not start:\n" + output(), e);
    }
  }

  /// Where its MCP endpoint is.
  String mcp() {
    return "http://127.0.0.1:%d/mcp".formatted(port());
  }

  /// What the server wrote, as far as it is kept.
  String output() {
    return String.join("\n", output);
  }

  /// How long its threads have run on a processor.
  Duration cpu() {
    return process.info().totalCpuDuration().orElse(Duration.ZERO);
  }

  /// How long its JVM has compiled; zero where there is no `/proc`, or no compiler yet.
  Duration compiling() {
    Path threads = Path.of("/proc", Long.toString(process.pid()), "task");
    if (!Files.isDirectory(threads)) {
      return Duration.ZERO;
    }
    long ticks = 0;
    try (DirectoryStream<Path> all = Files.newDirectoryStream(threads)) {
      for (Path thread : all) {
        ticks += compilerTicks(thread.resolve("stat"));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Duration.ofMillis(ticks * MILLIS_A_TICK);
  }

  /// proc_pid_stat(5): the name is in parentheses; user and system time are the 14th and 15th
  /// field.
  private static long compilerTicks(Path stat) throws IOException {
    String line;
    try {
      line = Files.readString(stat, StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException _) {
      // The thread has ended meanwhile.
      return 0;
    }
    if (!line.contains("(C1 Compiler") && !line.contains("(C2 Compiler")) {
      return 0;
    }
    String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
    return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
  }

  /// Resident memory in MiB; empty where there is no `/proc`.
  Optional<Long> residentMebibytes() {
    Path status = Path.of("/proc", Long.toString(process.pid()), "status");
    if (!Files.isReadable(status)) {
      return Optional.empty();
    }
    try {
      return Files.readAllLines(status).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .map(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024)
          .findFirst();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(LONGEST_STOP_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
      reader.join();
    } catch (InterruptedException _) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    boolean _ = Runtime.getRuntime().removeShutdownHook(atExit);
  }
}
