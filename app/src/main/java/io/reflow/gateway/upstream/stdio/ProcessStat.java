package io.reflow.gateway.upstream.stdio;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What the system tells everybody of a process, in its file `stat`.
///
/// @param started when, in the system's own units since it was booted itself
/// @param resident pages of memory that it holds, those that it shares with others too
record ProcessStat(boolean zombie, long parent, long session, long started, long resident) {

  /// Of a process that is not there.
  static final ProcessStat NONE = new ProcessStat(false, 0, 0, 0, 0);

  private static final int PARENT = 1;
  private static final int SESSION = 3;
  private static final int STARTED = 19;
  private static final int RESIDENT = 21;

  /// @param process its folder in `/proc`
  static ProcessStat of(Path process) {
    try {
      String text = Files.readString(process.resolve("stat"), ISO_8859_1);
      // The name in parentheses may hold any bytes.
      List<String> fields = List.of(text.substring(text.lastIndexOf(')') + 2).split(" ", -1));
      return new ProcessStat(
          fields.getFirst().equals("Z"),
          Long.parseLong(fields.get(PARENT)),
          Long.parseLong(fields.get(SESSION)),
          Long.parseLong(fields.get(STARTED)),
          Long.parseLong(fields.get(RESIDENT)));
    } catch (IOException _) {
      return NONE;
    }
  }
}
