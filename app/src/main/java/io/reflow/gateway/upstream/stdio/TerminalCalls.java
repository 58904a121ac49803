package io.reflow.gateway.upstream.stdio;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/// What the system has for terminals and Java does not: their modes, and writing without waiting.
/// For Linux.
final class TerminalCalls {

  /// More than the `struct termios` of any system; what is in it stays the system's own business.
  private static final long MODES_BYTES = 256;

  private static final int SET_NOW = 0;
  private static final int SET_FLAGS = 4;
  private static final int NON_BLOCKING = 0x800;

  /// To read and write, not as one's own controlling terminal, not for child processes.
  private static final int OPEN_APART = 0x2 | 0x100 | 0x80000;

  private static final int INTERRUPTED = 4;
  private static final int TRY_AGAIN = 11;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout ERRORS = Linker.Option.captureStateLayout();
  private static final VarHandle ERROR = ERRORS.varHandle(PathElement.groupElement("errno"));

  private static final MethodHandle GET_MODES =
      find("tcgetattr", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
  private static final MethodHandle SET_MODES =
      find("tcsetattr", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS));
  private static final MethodHandle MAKE_RAW =
      find("cfmakeraw", FunctionDescriptor.ofVoid(ADDRESS));
  private static final MethodHandle CONTROL =
      find(
          "fcntl",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle OPEN =
      find(
          "open",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle CLOSE =
      find("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle WRITE =
      find(
          "write",
          FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG),
          Linker.Option.captureCallState("errno"));

  private TerminalCalls() {}

  /// The modes of a terminal, to be given back to [#setModes] later.
  static MemorySegment modes(int terminal) throws IOException {
    MemorySegment modes = Arena.ofAuto().allocate(MODES_BYTES, Long.BYTES);
    check("tcgetattr", GET_MODES, terminal, modes);
    return modes;
  }

  static void setModes(int terminal, MemorySegment modes) throws IOException {
    check("tcsetattr", SET_MODES, terminal, SET_NOW, modes);
  }

  /// Makes a terminal pass every byte as it is and at once: no echo, no line editing, no signals,
  /// no longest line.
  static void makeRaw(int terminal) throws IOException {
    MemorySegment modes = modes(terminal);
    try {
      MAKE_RAW.invokeExact(modes);
    } catch (Throwable e) {
      throw unavailable(e);
    }
    setModes(terminal, modes);
  }

  static void neverBlock(int descriptor) throws IOException {
    check("fcntl", CONTROL, descriptor, SET_FLAGS, NON_BLOCKING);
  }

  /// Opens a terminal without making it one's own.
  static int open(String path) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      return number("open", OPEN, arena.allocateFrom(path), OPEN_APART);
    }
  }

  static void close(int descriptor) throws IOException {
    check("close", CLOSE, descriptor);
  }

  /// Writes as much as can be written now of the first `length` bytes; 0 when that is nothing.
  static int write(int descriptor, MemorySegment bytes, int length) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment errors = arena.allocate(ERRORS);
      long written = write(errors, descriptor, bytes, length);
      if (written >= 0) {
        return (int) written;
      }
      int error = (int) ERROR.get(errors, 0L);
      if (error == TRY_AGAIN || error == INTERRUPTED) {
        return 0;
      }
      throw new IOException("the terminal can't be written to: error " + error);
    }
  }

  /// A piece of memory for [#write].
  static MemorySegment buffer(int bytes) {
    return Arena.ofAuto().allocate(JAVA_BYTE, bytes);
  }

  private static long write(
      MemorySegment errors, int descriptor, MemorySegment bytes, long length) {
    try {
      return (long) WRITE.invokeExact(errors, descriptor, bytes, length);
    } catch (Throwable e) {
      throw unavailable(e);
    }
  }

  private static void check(String name, MethodHandle call, Object... arguments)
      throws IOException {
    int _ = number(name, call, arguments);
  }

  private static int number(String name, MethodHandle call, Object... arguments)
      throws IOException {
    int result;
    try {
      result = (int) call.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw unavailable(e);
    }
    if (result < 0) {
      throw new IOException(name + " failed on a pseudo-terminal");
    }
    return result;
  }

  private static IllegalStateException unavailable(Throwable cause) {
    return new IllegalStateException("the system's terminal functions can't be called", cause);
  }

  @SuppressWarnings("restricted") // allowed in the manifest; fixed functions of the C library
  private static MethodHandle find(
      String name, FunctionDescriptor descriptor, Linker.Option... options) {
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), descriptor, options);
  }
}
