package io.reflow.gateway.upstream.http;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;

/// Cuts a stream of server-sent events into the data of its events, chunk by chunk, whatever the
/// chunks' borders are. Works on bytes, so that no character is ever cut. Used by one thread at a
/// time.
///
/// See the
/// [standard](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
final class EventReader {

  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  private final int largestEvent;
  private final Consumer<byte[]> events;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream(256);
  private final ByteArrayOutputStream data = new ByteArrayOutputStream(256);
  private boolean hasData;
  private boolean afterCarriageReturn;
  private boolean firstLine = true;

  /// @param events takes the data of each event that has some
  EventReader(int largestEvent, Consumer<byte[]> events) {
    this.largestEvent = largestEvent;
    this.events = events;
  }

  /// The bytes of one event are more than allowed.
  static final class EventTooLarge extends Exception {
    private static final long serialVersionUID = 1;

    EventTooLarge() {
      super("event too large", null, false, false);
    }
  }

  void read(ByteBuffer chunk) throws EventTooLarge {
    byte[] bytes = new byte[chunk.remaining()];
    chunk.get(bytes);
    int start = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '\n' && afterCarriageReturn) {
        afterCarriageReturn = false;
        start = i + 1;
      } else if (bytes[i] == '\n' || bytes[i] == '\r') {
        afterCarriageReturn = bytes[i] == '\r';
        keep(bytes, start, i);
        endLine();
        start = i + 1;
      } else {
        afterCarriageReturn = false;
      }
    }
    keep(bytes, start, bytes.length);
  }

  private void keep(byte[] bytes, int from, int to) throws EventTooLarge {
    if ((long) line.size() + data.size() + (to - from) > largestEvent) {
      throw new EventTooLarge();
    }
    line.write(bytes, from, to - from);
  }

  private void endLine() {
    byte[] text = line.toByteArray();
    line.reset();
    if (firstLine) {
      firstLine = false;
      if (startsWith(text, BYTE_ORDER_MARK)) {
        text = Arrays.copyOfRange(text, BYTE_ORDER_MARK.length, text.length);
      }
    }
    if (text.length == 0) {
      endEvent();
    } else {
      valueOf(text).ifPresent(this::addData);
    }
  }

  private static boolean startsWith(byte[] text, byte[] prefix) {
    return text.length >= prefix.length
        && Arrays.equals(text, 0, prefix.length, prefix, 0, prefix.length);
  }

  /// The value of a `data` field: the only one that counts here.
  private static Optional<byte[]> valueOf(byte[] field) {
    boolean data =
        field.length >= 4
            && field[0] == 'd'
            && field[1] == 'a'
            && field[2] == 't'
            && field[3] == 'a';
    if (!data) {
      return Optional.empty();
    }
    if (field.length == 4) {
      return Optional.of(new byte[0]);
    }
    if (field[4] != ':') {
      return Optional.empty();
    }
    int from = field.length > 5 && field[5] == ' ' ? 6 : 5;
    return Optional.of(Arrays.copyOfRange(field, from, field.length));
  }

  private void addData(byte[] value) {
    if (hasData) {
      data.write('\n');
    }
    hasData = true;
    data.writeBytes(value);
  }

  private void endEvent() {
    boolean complete = hasData && data.size() > 0;
    byte[] event = complete ? data.toByteArray() : new byte[0];
    data.reset();
    hasData = false;
    if (complete) {
      events.accept(event);
    }
  }
}
