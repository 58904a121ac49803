package io.reflow.gateway.upstream.stdio;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/// Cuts a stream into lines, in bounded memory: of a line that is too long only the beginning is
/// kept. Used by one thread.
final class LineReader {

  private static final int CHUNK = 64 << 10;

  /// Enough for a process that says little, as most do; one that says more at once gets a chunk.
  private static final int FIRST = 8 << 10;

  /// So many times the longest line without a line end is no line any more.
  private static final long PATIENCE = 8;

  private final InputStream in;
  private final int longest;
  private final int kept;
  private byte[] buffer = new byte[FIRST];
  private int start;
  private int scanned;
  private int end;
  private long skipped;
  private boolean skipping;

  /// @param longest the most bytes that a line may have
  /// @param kept how much of a longer line is of interest
  LineReader(InputStream in, int longest, int kept) {
    this.in = in;
    this.longest = longest;
    this.kept = kept;
  }

  /// What comes next.
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  sealed interface Line {
    /// A line, without its end.
    record Whole(byte[] bytes) implements Line {}

    /// The beginning of a line that was too long; the rest of it is dropped.
    record TooLong(byte[] beginning) implements Line {}

    /// The line that was too long still has no end; to go on means to go on skipping.
    record Endless() implements Line {}

    record End() implements Line {}
  }

  Line next() throws IOException {
    if (skipping && !skip()) {
      return new Line.Endless();
    }
    while (true) {
      int lineEnd = indexOfLineEnd();
      if (lineEnd >= 0) {
        byte[] line = Arrays.copyOfRange(buffer, start, lineEnd);
        start = lineEnd + 1;
        return line.length > longest
            ? new Line.TooLong(Arrays.copyOf(line, Math.min(kept, line.length)))
            : new Line.Whole(line);
      }
      if (end - start > longest) {
        return tooLong();
      }
      if (!fill()) {
        return new Line.End();
      }
    }
  }

  private int indexOfLineEnd() {
    while (scanned < end) {
      if (buffer[scanned++] == '\n') {
        return scanned - 1;
      }
    }
    return -1;
  }

  private boolean fill() throws IOException {
    if (start == end) {
      boolean filled = end == buffer.length;
      start = 0;
      scanned = 0;
      end = 0;
      if (buffer.length > CHUNK || (filled && buffer.length < CHUNK)) {
        buffer = new byte[CHUNK];
      }
    } else if (end == buffer.length) {
      makeRoom();
    }
    int count = in.read(buffer, end, buffer.length - end);
    end += Math.max(count, 0);
    return count >= 0;
  }

  private void makeRoom() {
    int length = end - start;
    long wanted = Math.max(2L * length, CHUNK);
    byte[] target =
        length > buffer.length / 2
            ? new byte[(int) Math.min(wanted, (long) longest + CHUNK)]
            : buffer;
    System.arraycopy(buffer, start, target, 0, length);
    buffer = target;
    scanned -= start;
    start = 0;
    end = length;
  }

  /// Tells of the line at once; its rest is dropped when the next one is asked for.
  private Line tooLong() {
    byte[] beginning = Arrays.copyOfRange(buffer, start, start + Math.min(kept, end - start));
    skipped = (long) end - start;
    skipping = true;
    buffer = new byte[CHUNK];
    start = 0;
    scanned = 0;
    end = 0;
    return new Line.TooLong(beginning);
  }

  /// False when there is no end in sight.
  private boolean skip() throws IOException {
    while (skipped <= PATIENCE * longest) {
      start = 0;
      scanned = 0;
      end = Math.max(in.read(buffer), 0);
      int lineEnd = indexOfLineEnd();
      if (lineEnd >= 0 || end == 0) {
        start = lineEnd + 1;
        skipping = false;
        return true;
      }
      skipped += end;
    }
    skipped = 0;
    return false;
  }
}
