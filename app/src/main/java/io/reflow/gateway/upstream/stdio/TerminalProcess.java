package io.reflow.gateway.upstream.stdio;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// A process whose standard input and output are a pseudo-terminal. What contains it makes that its
/// controlling terminal too.
///
/// It is started as every other process is, and opens its terminal itself, before it leads a
/// session: a terminal that the gateway opened could become the gateway's own, and end it.
final class TerminalProcess extends Process {

  private static final String ON_TERMINAL = "exec \"$@\" <>\"$0\" >&0";

  /// A gateway in the background ignores the signals of a terminal, and so would its children; no
  /// shell can undo that.
  private static final String ALL_ON_TERMINAL =
      """
      if /usr/bin/env --default-signal true 2>/dev/null; then
        set -- /usr/bin/env --default-signal "$@"
      fi
      exec "$@" <>"$0" >&0 2>&0
      """;

  private final Process process;
  private final PseudoTerminal terminal;

  private TerminalProcess(Process process, PseudoTerminal terminal) {
    this.process = process;
    this.terminal = terminal;
  }

  /// Starts a process whose errors go to a pipe nevertheless.
  static TerminalProcess start(PseudoTerminal terminal, Contained contained) throws IOException {
    return start(terminal, builder(ON_TERMINAL, terminal, contained.line()), contained);
  }

  /// Starts a process whose errors go to the terminal, as is usual for a person.
  static TerminalProcess startForPerson(PseudoTerminal terminal, Contained contained)
      throws IOException {
    var builder = builder(ALL_ON_TERMINAL, terminal, contained.line());
    return start(terminal, builder.redirectError(Redirect.DISCARD), contained);
  }

  private static ProcessBuilder builder(
      String script, PseudoTerminal terminal, List<String> command) {
    List<String> line = new ArrayList<>();
    line.addAll(List.of("/bin/sh", "-c", script, terminal.path().toString()));
    line.addAll(command);
    return new ProcessBuilder(line)
        .redirectInput(Redirect.from(new File("/dev/null")))
        .redirectOutput(Redirect.DISCARD);
  }

  private static TerminalProcess start(
      PseudoTerminal terminal, ProcessBuilder builder, Contained contained) throws IOException {
    builder.directory(contained.home().toFile());
    builder.environment().clear();
    builder.environment().putAll(contained.environment());
    Process process = builder.start();
    var _ = process.onExit().thenRun(terminal::leave);
    return new TerminalProcess(process, terminal);
  }

  /// To be read by a platform thread; see [PseudoTerminal#output()].
  @Override
  public InputStream getInputStream() {
    return terminal.output();
  }

  @Override
  public OutputStream getOutputStream() {
    return terminal.input();
  }

  @Override
  public InputStream getErrorStream() {
    return process.getErrorStream();
  }

  @Override
  public int waitFor() throws InterruptedException {
    return process.waitFor();
  }

  @Override
  public boolean waitFor(long timeout, TimeUnit unit) throws InterruptedException {
    return process.waitFor(timeout, unit);
  }

  @Override
  public int exitValue() {
    return process.exitValue();
  }

  @Override
  public void destroy() {
    process.destroy();
  }

  @Override
  public Process destroyForcibly() {
    Process _ = process.destroyForcibly();
    return this;
  }

  @Override
  public boolean isAlive() {
    return process.isAlive();
  }

  @Override
  public ProcessHandle toHandle() {
    return process.toHandle();
  }

  @Override
  public long pid() {
    return process.pid();
  }

  @Override
  public CompletableFuture<Process> onExit() {
    return process.onExit().thenApply(_ -> this);
  }
}
