package io.reflow.gateway.upstream.stdio;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import com.pty4j.WinSize;
import com.pty4j.unix.Pty;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;

/// A pseudo-terminal: a program has the terminal at [#path()], the gateway has the other end.
///
/// It is closed when both streams are at their end, and not before: its descriptor may belong to
/// somebody else a moment later. Reading ends after [#leave()], when no process has the terminal
/// open any more.
final class PseudoTerminal {

  /// An empty line for who waits for input in raw mode, which knows no end; then the character that
  /// ends the input in the ordinary mode.
  private static final byte[] END_OF_INPUT = {'\n', 4};

  private static final int BUFFER = 8 << 10;
  private static final int SHORTEST_PAUSE_MS = 1;
  private static final int LONGEST_PAUSE_MS = 20;

  private final Pty pty;
  private final int descriptor;
  private final MemorySegment ordinary;
  private final MemorySegment buffer = TerminalCalls.buffer(BUFFER);
  private final ReentrantLock lock = new ReentrantLock();
  private final Output output = new Output();
  private final Input input = new Input();
  private Duration patience = Duration.ofDays(1);
  private int held;
  private boolean outputOver;
  private boolean inputOver;

  private PseudoTerminal(Pty pty) throws IOException {
    this.pty = pty;
    this.descriptor = pty.getMasterFD();
    this.ordinary = TerminalCalls.modes(descriptor);
    TerminalCalls.neverBlock(descriptor);
    this.held = TerminalCalls.open(pty.getSlaveName());
  }

  /// One that passes every byte as it is, in both directions.
  ///
  /// @param natives a folder for the native part of the library, which is unpacked once
  static PseudoTerminal raw(Path natives) throws IOException {
    PseudoTerminal terminal = open(natives);
    boolean raw = false;
    try {
      TerminalCalls.makeRaw(terminal.descriptor);
      raw = true;
      return terminal;
    } finally {
      if (!raw) {
        terminal.discard();
      }
    }
  }

  /// One for a person: with echo, line editing and signals.
  ///
  /// @param patience how long a program may leave unread what is typed
  static PseudoTerminal interactive(Path natives, int columns, int rows, Duration patience)
      throws IOException {
    PseudoTerminal terminal = open(natives);
    terminal.patience = patience;
    boolean resized = false;
    try {
      terminal.resize(columns, rows);
      resized = true;
      return terminal;
    } finally {
      if (!resized) {
        terminal.discard();
      }
    }
  }

  private static PseudoTerminal open(Path natives) throws IOException {
    Pty pty;
    try {
      Natives.unpackTo(natives);
      pty = new Pty();
    } catch (LinkageError | RuntimeException e) {
      throw new IOException("pseudo-terminals don't work on this machine", e);
    }
    if (pty.getMasterFD() < 0) {
      throw new IOException("there is no pseudo-terminal left on this machine");
    }
    boolean open = false;
    try {
      var terminal = new PseudoTerminal(pty);
      open = true;
      return terminal;
    } finally {
      if (!open) {
        pty.close();
      }
    }
  }

  /// The library's native part would otherwise be left behind in the system's folder for temporary
  /// files, at each start anew.
  private static final class Natives {

    private Natives() {}

    static void unpackTo(Path folder) throws IOException {
      Files.createDirectories(folder);
      if (System.getProperty("pty4j.tmpdir") == null) {
        System.setProperty("pty4j.tmpdir", folder.toString());
      }
      if (System.getProperty("jna.tmpdir") == null) {
        System.setProperty("jna.tmpdir", folder.toString());
      }
    }
  }

  /// Makes it a user's own: programs open it again by its name, as they do with `/dev/stdout`.
  void give(int uid) throws IOException {
    Files.setAttribute(path(), "unix:uid", uid);
  }

  Path path() {
    return Path.of(pty.getSlaveName());
  }

  /// What programs write. Reading it holds the thread in a system call, unlike a read from a file
  /// the virtual machine does not know of it: it needs a platform thread.
  InputStream output() {
    return output;
  }

  /// What programs read. To be used by one thread, virtual or not; closing it tells them that
  /// nothing more will come.
  OutputStream input() {
    return input;
  }

  /// Tells programs how large the terminal is from now on; without effect once it is closed.
  void resize(int columns, int rows) throws IOException {
    lock.lock();
    try {
      if (!closed()) {
        pty.setWindowSize(new WinSize(columns, rows), null);
      }
    } finally {
      lock.unlock();
    }
  }

  /// Lets go of the terminal, once the process is over that it is for. Until then reading does not
  /// end, even if the process is late to open it, or never does.
  void leave() {
    lock.lock();
    try {
      if (held >= 0) {
        TerminalCalls.close(held);
        held = -1;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      lock.unlock();
    }
  }

  /// Closes what no process has got.
  void discard() throws IOException {
    lock.lock();
    try {
      leave();
      inputOver = true;
      outputOver = true;
      pty.close();
    } finally {
      lock.unlock();
    }
  }

  private boolean closed() {
    return inputOver && outputOver;
  }

  private void endOutput() throws IOException {
    lock.lock();
    try {
      outputOver = true;
      closeWhenOver();
    } finally {
      lock.unlock();
    }
  }

  private void endInput() throws IOException {
    lock.lock();
    try {
      if (inputOver) {
        return;
      }
      inputOver = true;
      if (!outputOver) {
        TerminalCalls.setModes(descriptor, ordinary);
        MemorySegment.copy(END_OF_INPUT, 0, buffer, JAVA_BYTE, 0, END_OF_INPUT.length);
        int _ = TerminalCalls.write(descriptor, buffer, END_OF_INPUT.length);
      }
    } catch (IOException _) {
      // Nobody has the terminal open any more, who could be told?
    } finally {
      try {
        closeWhenOver();
      } finally {
        lock.unlock();
      }
    }
  }

  private void closeWhenOver() throws IOException {
    if (closed()) {
      pty.close();
    }
  }

  /// Writes what can be written now of the beginning of the buffer.
  private int writeNow(int length) throws IOException {
    lock.lock();
    try {
      if (inputOver) {
        throw new IOException("the terminal's input is closed");
      }
      return TerminalCalls.write(descriptor, buffer, length);
    } finally {
      lock.unlock();
    }
  }

  /// Waits until the program may have read something.
  private static int pauseOf(int millis) throws InterruptedIOException {
    try {
      Thread.sleep(millis);
      return Math.min(2 * millis, LONGEST_PAUSE_MS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("stopped while the program did not read its terminal");
    }
  }

  private final class Output extends InputStream {

    private boolean over;

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      if (over || length == 0) {
        return over ? -1 : 0;
      }
      int count = pty.getInputStream().read(into, offset, length);
      if (count < 0) {
        over = true;
        endOutput();
      }
      return count;
    }
  }

  private final class Input extends OutputStream {

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      int done = 0;
      long progress = System.nanoTime();
      int pause = SHORTEST_PAUSE_MS;
      while (done < length) {
        int piece = Math.min(BUFFER, length - done);
        MemorySegment.copy(bytes, offset + done, buffer, JAVA_BYTE, 0, piece);
        int written = writeNow(piece);
        if (written > 0) {
          progress = System.nanoTime();
        } else if (System.nanoTime() - progress > patience.toNanos()) {
          throw new IOException("the program does not read its terminal");
        }
        done += written;
        pause = written > 0 ? SHORTEST_PAUSE_MS : pauseOf(pause);
      }
    }

    @Override
    public void close() throws IOException {
      endInput();
    }
  }
}
