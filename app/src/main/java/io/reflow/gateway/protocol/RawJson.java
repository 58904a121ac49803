package io.reflow.gateway.protocol;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A piece of JSON text, as the bytes that arrived. A view into a larger message where possible;
/// nobody changes the bytes after it is made.
public final class RawJson {

  public static final RawJson EMPTY_OBJECT = of("{}");

  private final byte[] bytes;
  private final int from;
  private final int to;
  private final @Nullable JsonObject index;

  /// The bytes `from` (inclusive) to `to` (exclusive) of a message, not copied.
  public RawJson(byte[] bytes, int from, int to) {
    this(bytes, from, to, null);
  }

  private RawJson(byte[] bytes, int from, int to, @Nullable JsonObject index) {
    this.bytes = bytes;
    this.from = from;
    this.to = to;
    this.index = index;
  }

  /// The text of an object that was read, so that it needs not be read again.
  static RawJson read(JsonObject object) {
    RawJson text = object.raw();
    return new RawJson(text.bytes, text.from, text.to, object);
  }

  /// The members, where they are known.
  @Nullable JsonObject index() {
    return index;
  }

  /// Takes `text` as it is: the caller vouches that it is one JSON value.
  public static RawJson of(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return new RawJson(bytes, 0, bytes.length);
  }

  /// The array behind this view; valid between [#from()] and [#to()] and not to be written to.
  public byte[] array() {
    return bytes;
  }

  public int from() {
    return from;
  }

  public int to() {
    return to;
  }

  public int length() {
    return to - from;
  }

  /// A copy of just these bytes.
  public byte[] toBytes() {
    return Arrays.copyOfRange(bytes, from, to);
  }

  /// Whether this is a view of the very same bytes: nothing was changed, and nothing copied.
  @SuppressWarnings("ReferenceEquality")
  public boolean isSameView(RawJson other) {
    return bytes == other.bytes && from == other.from && to == other.to;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RawJson that
        && Arrays.equals(bytes, from, to, that.bytes, that.from, that.to);
  }

  @Override
  public int hashCode() {
    int hash = 1;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + bytes[i];
    }
    return hash;
  }

  /// The JSON text.
  @Override
  public String toString() {
    return new String(bytes, from, to - from, StandardCharsets.UTF_8);
  }
}
