package io.reflow.gateway.upstream.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.upstream.http.EventReader.EventTooLarge;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class EventReaderTest {

  private final List<String> events = new ArrayList<>();
  private final EventReader reader =
      new EventReader(1000, data -> events.add(new String(data, UTF_8)));

  private List<String> read(String text, int chunk) throws EventTooLarge {
    byte[] bytes = text.getBytes(UTF_8);
    for (int i = 0; i < bytes.length; i += chunk) {
      reader.read(ByteBuffer.wrap(bytes, i, Math.min(chunk, bytes.length - i)));
    }
    return events;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 1000})
  void readsEveryKindOfLineEndInChunksOfAnySize(int chunk) throws EventTooLarge {
    assertThat(
            read(
                "\uFEFFdata: grün\n\ndata:b\r\n\r\ndata: c\r\rid: 1\ndata: €\r\ndata:  two\n\n",
                chunk))
        .containsExactly("grün", "b", "c", "€\n two");
  }

  @Test
  void ignoresCommentsOtherFieldsAndEventsWithoutData() throws EventTooLarge {
    String text =
        """
        : ping

        event: x

        id: 3
        data:

        data

        retry: 5
        database: no
        data: yes

        """;

    assertThat(read(text, 1000)).containsExactly("yes");
  }

  @Test
  void anEventThatIsCutOffIsNoEvent() throws EventTooLarge {
    assertThat(read("data: a\n\ndata: half\n", 1000)).containsExactly("a");
  }

  @Test
  void remembersHowFarItCameAndHowLongToWait() throws EventTooLarge {
    var position = new StreamPosition();
    var reading = new EventReader(1000, position, (type, data) -> events.add(type));

    reading.read(
        ByteBuffer.wrap(
            "id: 1\nretry: 250\ndata:\n\nevent: other\ndata: x\n\nid: half\n".getBytes(UTF_8)));

    assertThat(position.lastId()).contains("1");
    assertThat(position.pause()).contains(Duration.ofMillis(250));
    assertThat(events).containsExactly("other");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 5000})
  void goesOnAfterALargeEventWhereThatIsWanted(int chunk) throws EventTooLarge {
    var large = new ArrayList<String>();
    var reading =
        new EventReader(
            100,
            new StreamPosition(),
            new EventReader.Events() {
              @Override
              public void event(String type, byte[] data) {
                events.add(new String(data, UTF_8));
              }

              @Override
              public boolean skip(byte[] beginning) {
                large.add(new String(beginning, UTF_8).substring(0, 5));
                return true;
              }
            });
    byte[] bytes =
        ("data: a\n\ndata: begin" + "x".repeat(600) + "\r\ndata: y\r\n\r\ndata: b\n\n")
            .getBytes(UTF_8);

    for (int i = 0; i < bytes.length; i += chunk) {
      reading.read(ByteBuffer.wrap(bytes, i, Math.min(chunk, bytes.length - i)));
    }

    assertThat(events).containsExactly("a", "b");
    assertThat(large).containsExactly("begin");
  }

  @Test
  void anEventWithoutAnEndIsTooMuchForEverybody() {
    var reading =
        new EventReader(
            100,
            new StreamPosition(),
            new EventReader.Events() {
              @Override
              public void event(String type, byte[] data) {}

              @Override
              public boolean skip(byte[] beginning) {
                return true;
              }
            });

    assertThatThrownBy(
            () -> reading.read(ByteBuffer.wrap(("data: " + "x".repeat(5000)).getBytes(UTF_8))))
        .isInstanceOf(EventTooLarge.class);
  }

  @Test
  void anEventMustNotBeTooLarge() {
    assertThatThrownBy(() -> read("data: " + "x".repeat(600) + "\ndata: " + "x".repeat(600), 50))
        .isInstanceOf(EventTooLarge.class);
    assertThatThrownBy(() -> read(": " + "x".repeat(2000), 50)).isInstanceOf(EventTooLarge.class);
  }

  @Test
  void aPauseIsNeitherTooShortNorTooLong() {
    var position = new StreamPosition();

    position.pause("0");
    assertThat(position.pause()).contains(Duration.ofMillis(100));
    position.pause("999999999999");
    assertThat(position.pause()).contains(Duration.ofMinutes(10));
    position.pause("soon");
    assertThat(position.pause()).contains(Duration.ofMinutes(10));
  }
}
