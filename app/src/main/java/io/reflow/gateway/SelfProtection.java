package io.reflow.gateway;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps what the gateway has in memory to itself: processes of the same user can't read its memory
/// and environment or attach a debugger, and it leaves no core dump. On Linux; elsewhere nothing
/// happens.
final class SelfProtection {

  private static final Logger LOG = LoggerFactory.getLogger(SelfProtection.class);

  private static final int SET_DUMPABLE = 4;
  private static final int CORE_SIZE = 4;
  private static final String NO_ATTACHING = "-XX:+DisableAttachMechanism";

  private SelfProtection() {}

  /// To be called before any secret is read.
  @SuppressWarnings("restricted") // allowed in the manifest; fixed functions of the C library
  static void begin() {
    if (!System.getProperty("os.name").equals("Linux")) {
      return;
    }
    Linker linker = Linker.nativeLinker();
    SymbolLookup library = linker.defaultLookup();
    MethodHandle prctl =
        linker.downcallHandle(
            library.findOrThrow("prctl"),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            Linker.Option.firstVariadicArg(1));
    MethodHandle setrlimit =
        linker.downcallHandle(
            library.findOrThrow("setrlimit"), FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment nothing = arena.allocate(JAVA_LONG, 2);
      int undumpable = (int) prctl.invokeExact(SET_DUMPABLE, 0L, 0L, 0L, 0L);
      int coreless = (int) setrlimit.invokeExact(CORE_SIZE, nothing);
      if (undumpable != 0 || coreless != 0) {
        throw new IllegalStateException("the system refuses it");
      }
    } catch (Throwable e) {
      throw new IllegalStateException("the gateway can't protect its memory", e);
    }
  }

  /// Says so where the virtual machine would still let others of the same user in.
  static void warn() {
    if (!attachingIsOff()) {
      LOG.atWarn()
          .log(
              "Other programs of this user can load code into the gateway: start it with {}",
              NO_ATTACHING);
    }
  }

  private static boolean attachingIsOff() {
    String options = System.getenv("JAVA_TOOL_OPTIONS") + " " + System.getenv("JDK_JAVA_OPTIONS");
    try {
      return options.contains(NO_ATTACHING)
          || Files.readString(Path.of("/proc/self/cmdline"), ISO_8859_1).contains(NO_ATTACHING);
    } catch (IOException _) {
      return false;
    }
  }
}
