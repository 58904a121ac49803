package io.reflow.gateway.upstream.stdio;

import io.reflow.gateway.instance.LastLines;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Reads what a process writes to its error output, so that it is never blocked, and keeps the last
/// lines.
final class ErrorOutput {

  private static final int LONGEST_LINE = 4096;

  private final LineReader lines;
  private final LastLines kept;
  private final SecretMask mask;
  private volatile @Nullable String last;

  ErrorOutput(InputStream in, LastLines kept, SecretMask mask) {
    // Masked before it is cut, or the cut would lay bare half a secret.
    this.lines = new LineReader(in, 4 * LONGEST_LINE, 4 * LONGEST_LINE);
    this.kept = kept;
    this.mask = mask;
  }

  /// Reads to the end of the stream.
  void read() {
    try {
      boolean open = true;
      while (open) {
        open =
            switch (lines.next()) {
              case LineReader.Line.Whole(var bytes) -> keep(bytes);
              case LineReader.Line.TooLong(var beginning) -> keep(beginning);
              case LineReader.Line.Endless() -> true;
              case LineReader.Line.End() -> false;
            };
      }
    } catch (IOException _) {
      // The process has ended, and its pipe with it.
    }
  }

  private boolean keep(byte[] bytes) {
    String line = mask.mask(new String(bytes, StandardCharsets.UTF_8)).stripTrailing();
    String cut = line.length() > LONGEST_LINE ? line.substring(0, LONGEST_LINE) : line;
    kept.add(cut);
    if (!cut.isBlank()) {
      last = cut;
    }
    return true;
  }

  Optional<String> last() {
    return Optional.ofNullable(last);
  }
}
