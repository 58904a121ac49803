package io.reflow.gateway.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;

/// The user that the gateway runs as, and what that user may do. Asked of the kernel: the owner of
/// files in `/proc/self` is root for a process that hides its memory.
public final class SystemUser {

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final int CAP_SETPCAP = 8;

  private SystemUser() {}

  public static int id() {
    return Integer.parseInt(status("Uid:").split("\\s+", -1)[1]);
  }

  public static boolean root() {
    return id() == 0;
  }

  public static boolean mayDropCapabilities() {
    return new BigInteger(status("CapEff:"), 16).testBit(CAP_SETPCAP);
  }

  private static String status(String field) {
    try (var lines = Files.lines(STATUS)) {
      return lines
          .filter(line -> line.startsWith(field))
          .map(line -> line.substring(field.length()).strip())
          .findFirst()
          .orElse("0");
    } catch (IOException e) {
      throw new UncheckedIOException("can't read " + STATUS, e);
    }
  }
}
