package io.reflow.gateway.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// Runs programs of the machine to their end, each with a bound on its time.
public final class Commands {

  private final Path directory;
  private final Map<String, String> environment;

  /// @param environment on top of that of the tests
  public Commands(Path directory, Map<String, String> environment) {
    this.directory = directory;
    this.environment = Map.copyOf(environment);
  }

  /// What became of a program: its exit code and all that it said.
  public record Outcome(int code, String output) {}

  /// The same commands with one more variable.
  public Commands with(String name, String value) {
    Map<String, String> more = new HashMap<>(environment);
    more.put(name, value);
    return new Commands(directory, more);
  }

  /// What a command says that must succeed.
  public String output(Duration atMost, String... command) throws InterruptedException {
    Outcome outcome = run(atMost, command);
    if (outcome.code() != 0) {
      throw new AssertionError("%s: %s".formatted(List.of(command), outcome));
    }
    return outcome.output().strip();
  }

  /// Runs a command, which has no input.
  public Outcome run(Duration atMost, String... command) throws InterruptedException {
    return run(atMost, Path.of("/dev/null"), command);
  }

  /// Runs a command on the content of a file.
  public Outcome run(Duration atMost, Path input, String... command) throws InterruptedException {
    try {
      Path output = Files.createTempFile("command", ".out");
      try {
        ProcessBuilder builder =
            new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectInput(input.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        Process process;
        try {
          process = builder.start();
        } catch (IOException e) {
          // As a shell has it for a program that is not there.
          return new Outcome(127, e.toString());
        }
        if (!process.waitFor(atMost.toSeconds(), TimeUnit.SECONDS)) {
          process.descendants().forEach(ProcessHandle::destroyForcibly);
          Process _ = process.destroyForcibly();
          throw new AssertionError(
              "%s did not end within %s: %s"
                  .formatted(List.of(command), atMost, Files.readString(output)));
        }
        return new Outcome(process.exitValue(), Files.readString(output));
      } finally {
        Files.deleteIfExists(output);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
