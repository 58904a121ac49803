package io.reflow.gateway.upstream.stdio;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/// The system's kill(2), which reaches whole process groups, as Java's own API does not, and
/// waitpid(2), for processes that Java has not started.
final class Signals {

  private static final Optional<MethodHandle> KILL =
      find("kill", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  private static final Optional<MethodHandle> WAITPID =
      find("waitpid", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
  private static final int AT_ONCE = 1;

  private Signals() {}

  /// What to send.
  enum Signal {
    TERMINATE(15),
    KILL(9);

    private final int number;

    Signal(int number) {
      this.number = number;
    }
  }

  static boolean available() {
    return KILL.isPresent();
  }

  /// To every process of the group; nothing happens when there is none.
  static void toGroup(long group, Signal signal) {
    if (group > 1) {
      send((int) -group, signal);
    }
  }

  static void toProcess(long pid, Signal signal) {
    if (pid > 1) {
      send((int) pid, signal);
    }
  }

  private static void send(int pid, Signal signal) {
    MethodHandle kill = KILL.orElseThrow();
    try {
      int _ = (int) kill.invokeExact(pid, signal.number);
    } catch (Throwable e) {
      throw new IllegalStateException("kill(2) can't be called", e);
    }
  }

  /// Takes note of the end of a child, so that nothing of it remains; nothing happens while it
  /// runs.
  static void takeNote(long child) {
    MethodHandle waitpid = WAITPID.orElseThrow();
    try {
      int _ = (int) waitpid.invokeExact((int) child, MemorySegment.NULL, AT_ONCE);
    } catch (Throwable e) {
      throw new IllegalStateException("waitpid(2) can't be called", e);
    }
  }

  @SuppressWarnings("restricted") // allowed in the manifest; fixed functions of the C library
  private static Optional<MethodHandle> find(String name, FunctionDescriptor shape) {
    if (!System.getProperty("os.name").equals("Linux")) {
      return Optional.empty();
    }
    Linker linker = Linker.nativeLinker();
    return linker
        .defaultLookup()
        .find(name)
        .map(function -> linker.downcallHandle(function, shape));
  }
}
