package io.reflow.gateway.upstream.http;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;

/// Cuts a stream of server-sent events into the data of its events, chunk by chunk, whatever the
/// chunks' borders are. Works on bytes, so that no character is ever cut. Used by one thread at a
/// time.
///
/// See the
/// [standard](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
public final class EventReader {

  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};
  private static final int KEPT_OF_LARGE_EVENTS = 4096;

  /// An event so many times larger than allowed has no end.
  private static final long PATIENCE = 16;

  private final int largestEvent;
  private final StreamPosition position;
  private final Events events;
  private ByteArrayOutputStream line = new ByteArrayOutputStream(0);
  private ByteArrayOutputStream data = new ByteArrayOutputStream(0);
  private String type = "";
  private Optional<String> id = Optional.empty();
  private boolean hasData;
  private boolean afterCarriageReturn;
  private boolean firstLine = true;
  private boolean skipping;
  private boolean skippingLine;
  private long skipped;

  /// @param position is kept up to date as the stream is read
  public EventReader(int largestEvent, StreamPosition position, Events events) {
    this.largestEvent = largestEvent;
    this.position = position;
    this.events = events;
  }

  /// For a stream that can't be resumed, of whose events the data is all that counts.
  EventReader(int largestEvent, Consumer<byte[]> events) {
    this(largestEvent, new StreamPosition(), (_, data) -> events.accept(data));
  }

  /// Takes each event that has data.
  @FunctionalInterface
  public interface Events {

    /// Takes one whole event.
    ///
    /// @param type is `message` where the stream names none
    void event(String type, byte[] data);

    /// Whether to go on after an event that is too large.
    ///
    /// @param beginning of its data
    default boolean skip(byte[] beginning) {
      return false;
    }
  }

  /// The bytes of one event are more than allowed.
  public static final class EventTooLarge extends Exception {
    private static final long serialVersionUID = 1;

    EventTooLarge() {
      super("event too large", null, false, false);
    }
  }

  public void read(ByteBuffer chunk) throws EventTooLarge {
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
    if (!skipping && (long) line.size() + data.size() + (to - from) > largestEvent) {
      beginToSkip(bytes, from, to);
    }
    if (skipping) {
      skippingLine |= to > from;
      skipped += to - from;
      if (skipped > PATIENCE * largestEvent) {
        throw new EventTooLarge();
      }
    } else {
      line.write(bytes, from, to - from);
    }
  }

  private void beginToSkip(byte[] bytes, int from, int to) throws EventTooLarge {
    if (hasData) {
      line.reset();
    } else {
      line.write(bytes, from, Math.min(to - from, KEPT_OF_LARGE_EVENTS));
      byte[] text = line.toByteArray();
      line.reset();
      addData(text, Math.min(valueOf(text), text.length));
    }
    byte[] beginning = data.toByteArray();
    beginNextEvent();
    skippingLine = true;
    skipped = 0;
    if (!events.skip(Arrays.copyOf(beginning, Math.min(beginning.length, KEPT_OF_LARGE_EVENTS)))) {
      throw new EventTooLarge();
    }
    skipping = true;
  }

  private void endLine() {
    if (skipping) {
      skipping = skippingLine;
      skippingLine = false;
      return;
    }
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
      field(text);
    }
  }

  private static boolean startsWith(byte[] text, byte[] prefix) {
    return text.length >= prefix.length
        && Arrays.equals(text, 0, prefix.length, prefix, 0, prefix.length);
  }

  private void field(byte[] line) {
    int value = valueOf(line);
    switch (text(line, 0, nameOf(line))) {
      case "data" -> addData(line, Math.min(value, line.length));
      case "id" -> {
        String text = text(line, value, line.length);
        if (text.indexOf(0) < 0) {
          id = Optional.of(text);
        }
      }
      case "event" -> type = text(line, value, line.length);
      case "retry" -> position.pause(text(line, value, line.length));
      default -> {
        // A comment has an empty name; all others mean nothing.
      }
    }
  }

  /// Where the name ends.
  private static int nameOf(byte[] line) {
    int colon = 0;
    while (colon < line.length && line[colon] != ':') {
      colon++;
    }
    return colon;
  }

  /// Where the value begins; perhaps behind the end of the line.
  private static int valueOf(byte[] line) {
    int from = nameOf(line) + 1;
    return from < line.length && line[from] == ' ' ? from + 1 : from;
  }

  private static String text(byte[] line, int from, int to) {
    return from >= to ? "" : new String(line, from, to - from, StandardCharsets.UTF_8);
  }

  private void addData(byte[] line, int from) {
    if (hasData) {
      data.write('\n');
    }
    hasData = true;
    data.write(line, from, line.length - from);
  }

  private void endEvent() {
    boolean complete = hasData && data.size() > 0;
    byte[] event = complete ? data.toByteArray() : new byte[0];
    String named = type.isEmpty() ? "message" : type;
    id.ifPresent(position::lastId);
    beginNextEvent();
    if (complete) {
      events.event(named, event);
    }
  }

  /// Holds on to nothing: it may take long until the next one, and none may be as large again.
  private void beginNextEvent() {
    line = new ByteArrayOutputStream(0);
    data = new ByteArrayOutputStream(0);
    hasData = false;
    type = "";
    id = Optional.empty();
  }
}
