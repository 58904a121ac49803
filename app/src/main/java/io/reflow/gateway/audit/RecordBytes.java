package io.reflow.gateway.audit;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.CRC32C;

/// One record of the journal as bytes: a head of 24 bytes, then fields one after the other.
///
/// ```
///  0  magic, length of the whole   written last: a record without it is none
///  8  CRC-32C of all that follows, salted
/// 12  kind
/// 16  sequence: where in the journal the record stands
/// 24  fields
/// ```
///
/// Written by one thread, once. Texts are cut to a length that keeps records small, and lose what
/// PostgreSQL would refuse.
final class RecordBytes {

  static final int HEAD = 24;
  static final int MAGIC = 0x4c4a4652;
  static final int LONGEST = 1 << 16;

  /// What a text takes that is not there.
  static final int NO_TEXT = Short.BYTES;

  private static final int LONGEST_TEXT = 1_000;
  private static final int LONGEST_BODY = Bodies.LONGEST;
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

  /// What a record says.
  enum Kind {
    /// A call is about to go upstream.
    INTENT(1),
    /// A call has been answered.
    OUTCOME(2),
    /// A copy of an intent that is still open, so that its old segment can go.
    CARRIED(3);

    private final int code;

    Kind(int code) {
      this.code = code;
    }

    private static Optional<Kind> find(int code) {
      for (Kind kind : KINDS) {
        if (kind.code == code) {
          return Optional.of(kind);
        }
      }
      return Optional.empty();
    }

    private static final Kind[] KINDS = values();
  }

  private byte[] bytes;
  private int end;

  private RecordBytes(byte[] bytes, int end) {
    this.bytes = bytes;
    this.end = end;
  }

  /// An empty record to write fields into.
  static RecordBytes of(Kind kind) {
    var record = new RecordBytes(new byte[448], HEAD);
    INT.set(record.bytes, 12, kind.code);
    return record;
  }

  /// A record as read from the journal, positioned at its first field; empty when it is damaged.
  static Optional<RecordBytes> read(byte[] whole, byte[] salt, long sequence) {
    var record = new RecordBytes(whole, HEAD);
    boolean sound =
        (int) INT.get(whole, 8) == record.checksum(salt, whole.length)
            && (long) LONG.get(whole, 16) == sequence
            && Kind.find((int) INT.get(whole, 12)).isPresent();
    return sound ? Optional.of(record) : Optional.empty();
  }

  /// Completes the head for its place in the journal.
  ///
  /// @return the first word, which makes the record valid
  long seal(byte[] salt, long sequence) {
    LONG.set(bytes, 16, sequence);
    INT.set(bytes, 8, checksum(salt, end));
    return word(end);
  }

  /// The same record, whose fields can be read once more from where this one stands.
  RecordBytes fromHere() {
    return new RecordBytes(bytes, end);
  }

  static long word(int length) {
    return ((long) MAGIC << 32) | length;
  }

  Kind kind() {
    return Kind.find((int) INT.get(bytes, 12)).orElseThrow();
  }

  long sequence() {
    return (long) LONG.get(bytes, 16);
  }

  byte[] array() {
    return bytes;
  }

  int length() {
    return end;
  }

  void putLong(long value) {
    room(8);
    LONG.set(bytes, end, value);
    end += 8;
  }

  void putUuid(Optional<UUID> value) {
    room(17);
    bytes[end++] = (byte) (value.isPresent() ? 1 : 0);
    if (value.isPresent()) {
      putLong(value.get().getMostSignificantBits());
      putLong(value.get().getLeastSignificantBits());
    }
  }

  void putText(Optional<String> value) {
    putText(value, LONGEST_TEXT);
  }

  /// A text that was cut to its length before.
  void putBody(Optional<String> value) {
    putText(value, LONGEST_BODY);
  }

  private void putText(Optional<String> value, int longest) {
    if (value.isEmpty()) {
      putLength(-1);
      return;
    }
    byte[] utf8 = storable(value.get(), longest).getBytes(StandardCharsets.UTF_8);
    putLength(utf8.length);
    room(utf8.length);
    System.arraycopy(utf8, 0, bytes, end, utf8.length);
    end += utf8.length;
  }

  /// A surrogate that is alone, perhaps since the other half was cut off, is encoded as a question
  /// mark.
  private static String storable(String text, int longest) {
    String cut = text.length() <= longest ? text : text.substring(0, longest);
    // To find none costs less than to replace none.
    return cut.indexOf('\0') < 0 ? cut : cut.replace('\0', '?');
  }

  /// The fields of another record, as they stand there.
  void putFields(RecordBytes other, int from, int to) {
    room(to - from);
    System.arraycopy(other.bytes, from, bytes, end, to - from);
    end += to - from;
  }

  /// What was written, to be read from its first field on.
  RecordBytes reread() {
    return new RecordBytes(Arrays.copyOf(bytes, end), HEAD);
  }

  /// How many bytes are left to be read.
  int left() {
    return bytes.length - end;
  }

  /// Hands on a text as COPY has it, its length before it.
  ///
  /// @return whether there is one
  boolean takeText(ByteBuffer into) {
    int length = takeLength();
    into.putInt(length);
    if (length < 0) {
      return false;
    }
    into.put(bytes, end, length);
    end += length;
    return true;
  }

  /// The same for an id.
  boolean takeUuid(ByteBuffer into) {
    boolean present = bytes[end++] != 0;
    if (present) {
      into.putInt(2 * Long.BYTES).putLong(takeLong()).putLong(takeLong());
    } else {
      into.putInt(-1);
    }
    return present;
  }

  /// Passes over a text, so that it is known to be whole.
  void skipText() {
    int length = Math.max(0, takeLength());
    end = Objects.checkFromIndexSize(end, length, bytes.length) + length;
  }

  long takeLong() {
    long value = (long) LONG.get(bytes, end);
    end += 8;
    return value;
  }

  Optional<UUID> takeUuid() {
    return bytes[end++] == 0 ? Optional.empty() : Optional.of(new UUID(takeLong(), takeLong()));
  }

  Optional<String> takeText() {
    int length = takeLength();
    if (length < 0) {
      return Optional.empty();
    }
    end += length;
    return Optional.of(new String(bytes, end - length, length, StandardCharsets.UTF_8));
  }

  /// Negative where there is no text; also behind the end, since records of earlier versions have
  /// fewer fields.
  private int takeLength() {
    if (end >= bytes.length) {
      return -1;
    }
    int length = (short) SHORT.get(bytes, end);
    end += 2;
    return Math.max(-1, length);
  }

  private void putLength(int length) {
    room(2);
    SHORT.set(bytes, end, (short) length);
    end += 2;
  }

  private void room(int more) {
    if (end + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, end + more));
    }
  }

  private int checksum(byte[] salt, int to) {
    var crc = new CRC32C();
    crc.update(salt, 0, salt.length);
    crc.update(bytes, 12, to - 12);
    return (int) crc.getValue();
  }
}
