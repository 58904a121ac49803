package io.reflow.gateway.audit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/// One file of the journal, mapped into memory.
///
/// Its whole space is written with zeros before it is used, so that a full disk shows then and not
/// as a crash in the middle of a record. Writers take their places with one atomic addition and
/// never wait for each other; a record counts from the moment its first word is there. What a
/// process wrote survives it, however it ends.
final class Segment {

  private static final long MAGIC = 0x3130_4a57_4c46_4552L;
  private static final int HEAD = 64;
  private static final int ALIGNMENT = 8;
  private static final int ZEROS = 1 << 16;
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle WORDS = WORD.varHandle();

  private final Path file;
  private final Arena arena;
  private final MemorySegment bytes;
  private final boolean recovered;
  private final long firstSequence;
  private final byte[] salt = new byte[8];
  private final AtomicLong position;

  /// Where the last record ends, once no further one fits.
  private volatile long end;

  private Segment(Path file, Arena arena, MemorySegment bytes, boolean recovered) {
    this.file = file;
    this.arena = arena;
    this.bytes = bytes;
    this.recovered = recovered;
    this.firstSequence = bytes.get(WORD, 8);
    MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, 16, salt, 0, salt.length);
    this.position = new AtomicLong(recovered ? bytes.byteSize() : HEAD);
    this.end = recovered ? bytes.byteSize() : Long.MAX_VALUE;
  }

  /// Makes a new file; it has its name only when it is complete.
  static Segment create(Path file, long size, long firstSequence, boolean force)
      throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    Files.createFile(
        fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
      write(channel, head(firstSequence), 0);
      ByteBuffer zeros = ByteBuffer.allocateDirect(ZEROS);
      for (long at = HEAD; at < size; at += zeros.limit()) {
        zeros.clear().limit((int) Math.min(ZEROS, size - at));
        write(channel, zeros, at);
      }
      if (force) {
        channel.force(true);
      }
    } catch (IOException e) {
      Files.deleteIfExists(fresh);
      throw e;
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    if (force) {
      forceFolder(file);
    }
    return map(file, false);
  }

  /// Opens a file that an earlier process wrote; empty when it is no segment.
  static Optional<Segment> recover(Path file) throws IOException {
    if (Files.size(file) < HEAD) {
      return Optional.empty();
    }
    Segment segment = map(file, true);
    if (segment.bytes.get(WORD, 0) == MAGIC) {
      return Optional.of(segment);
    }
    segment.arena.close();
    return Optional.empty();
  }

  /// Writes a record.
  ///
  /// @return its sequence, or -1 when no room is left
  long append(RecordBytes record) {
    int length = record.length();
    long at = position.getAndAdd((length + ALIGNMENT - 1) & -ALIGNMENT);
    if (at + length > bytes.byteSize()) {
      if (at <= bytes.byteSize()) {
        end = at;
      }
      return -1;
    }
    long sequence = sequence(at);
    long word = record.seal(salt, sequence);
    MemorySegment.copy(record.array(), 8, bytes, ValueLayout.JAVA_BYTE, at + 8, length - 8);
    WORDS.setRelease(bytes, at, word);
    return sequence;
  }

  /// Reads the record of a sequence that a reader of this segment has found there.
  RecordBytes found(long sequence) {
    long at = (sequence - firstSequence) * ALIGNMENT;
    return read(at, (long) WORDS.getAcquire(bytes, at)).orElseThrow();
  }

  /// Whether less than a quarter is left.
  boolean nearlyFull() {
    return position.get() > bytes.byteSize() / 4 * 3;
  }

  /// The sequence that a segment behind this one begins with.
  long nextSequence() {
    return sequence(bytes.byteSize());
  }

  /// The sequence of what is to be written next.
  long upcoming() {
    return sequence(written());
  }

  /// How many of its bytes are taken.
  long written() {
    return Math.min(position.get(), bytes.byteSize());
  }

  /// How many bytes are behind a sequence of this segment or an earlier one, up to another.
  static long bytesBetween(long from, long to) {
    return (to - from) * ALIGNMENT;
  }

  boolean recovered() {
    return recovered;
  }

  Path file() {
    return file;
  }

  /// Notes in the file that nothing in it needs to be read again.
  void markDone() {
    WORDS.setRelease(bytes, 24L, 1L);
  }

  boolean done() {
    return bytes.get(WORD, 24) == 1;
  }

  void force() {
    bytes.force();
  }

  void close() {
    arena.close();
  }

  void delete() {
    close();
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Reads the records in order. A file of an earlier process is read over its holes to the very
  /// end; one that is being written to, as far as it is written without a hole.
  final class Reader {

    private long at = HEAD;

    /// The next record, if it is there by now.
    Optional<RecordBytes> next() {
      while (!atEnd()) {
        long word =
            at + RecordBytes.HEAD <= bytes.byteSize() ? (long) WORDS.getAcquire(bytes, at) : 0;
        if (word == 0 && !recovered) {
          return Optional.empty();
        }
        Optional<RecordBytes> record = read(at, word);
        at += record.isPresent() ? ((int) word + ALIGNMENT - 1) & -ALIGNMENT : ALIGNMENT;
        if (record.isPresent()) {
          return record;
        }
      }
      return Optional.empty();
    }

    boolean atEnd() {
      return at >= end;
    }

    /// The sequence of what is to be read next.
    long upcoming() {
      return sequence(Math.min(at, bytes.byteSize()));
    }
  }

  private Optional<RecordBytes> read(long at, long word) {
    int length = (int) word;
    if (word >>> 32 != RecordBytes.MAGIC
        || length < RecordBytes.HEAD
        || length > RecordBytes.LONGEST
        || at + length > bytes.byteSize()) {
      return Optional.empty();
    }
    byte[] whole = new byte[length];
    MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, at, whole, 0, length);
    return RecordBytes.read(whole, salt, sequence(at));
  }

  private long sequence(long at) {
    return firstSequence + at / ALIGNMENT;
  }

  @SuppressWarnings("MustBeClosed") // the segment closes it
  private static Segment map(Path file, boolean recovered) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      Arena arena = Arena.ofShared();
      return new Segment(
          file, arena, channel.map(MapMode.READ_WRITE, 0, channel.size(), arena), recovered);
    }
  }

  /// The salt makes sure that no text within a record can be taken for one.
  private static ByteBuffer head(long firstSequence) {
    return ByteBuffer.allocate(HEAD)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(0, MAGIC)
        .putLong(8, firstSequence)
        .putLong(16, new SecureRandom().nextLong());
  }

  private static void write(FileChannel channel, ByteBuffer from, long at) throws IOException {
    long to = at;
    while (from.hasRemaining()) {
      to += channel.write(from, to);
    }
  }

  private static void forceFolder(Path file) throws IOException {
    try (FileChannel folder =
        FileChannel.open(file.resolve("..").normalize(), StandardOpenOption.READ)) {
      folder.force(true);
    }
  }
}
