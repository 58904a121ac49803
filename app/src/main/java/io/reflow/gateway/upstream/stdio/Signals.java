package io.reflow.gateway.upstream.stdio;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/// The system's kill(2), which reaches whole process groups, as Java's own API does not.
final class Signals {

  private static final Optional<MethodHandle> KILL = find();

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

  @SuppressWarnings("restricted") // allowed in the manifest; a fixed function of the C library
  private static Optional<MethodHandle> find() {
    if (!System.getProperty("os.name").equals("Linux")) {
      return Optional.empty();
    }
    Linker linker = Linker.nativeLinker();
    return linker
        .defaultLookup()
        .find("kill")
        .map(kill ->
            linker.downcallHandle(kill, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT)));
  }
}
