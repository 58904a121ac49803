package io.reflow.gateway.upstream.stdio;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;

/// A program on a terminal, for a person: contained as the instances of a target are, with the same
/// folder and the same credentials. It and all that it starts end together.
public final class Terminal implements AutoCloseable {

  private static final Duration LAST_WORDS = Duration.ofSeconds(1);

  private final Child child;
  private final PseudoTerminal terminal;
  private final InputStream output;
  private final OutputStream input;

  Terminal(Child child, PseudoTerminal terminal) {
    this.child = child;
    this.terminal = terminal;
    this.output = terminal.output();
    this.input = terminal.input();
  }

  public long pid() {
    return child.pid();
  }

  /// Reads what the program shows; -1 at its end. For one platform thread, which has to read to the
  /// end.
  public int read(byte[] into) throws IOException {
    return output.read(into, 0, into.length);
  }

  /// Types something; waits while the program does not read.
  ///
  /// @throws IOException when it does not for long, or has ended
  public void write(byte[] bytes) throws IOException {
    input.write(bytes, 0, bytes.length);
  }

  public void resize(int columns, int rows) throws IOException {
    terminal.resize(columns, rows);
  }

  /// Ends everything at once, and does not wait for that.
  public void kill() {
    child.kill();
  }

  /// How it ended: "exited with code 1"; "was ended" when it still is about to.
  public String ending() throws InterruptedException {
    return child.awaitExit(LAST_WORDS) ? child.ending() : "was ended";
  }

  /// Ends everything, within a few seconds.
  @Override
  public void close() {
    try {
      child.kill();
      child.end(Duration.ZERO);
      input.close();
    } catch (IOException _) {
      // It is closed already.
    }
  }
}
