package io.reflow.gateway.upstream.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.upstream.http.EventReader.EventTooLarge;
import java.nio.ByteBuffer;
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
  void anEventMustNotBeTooLarge() {
    assertThatThrownBy(() -> read("data: " + "x".repeat(600) + "\ndata: " + "x".repeat(600), 50))
        .isInstanceOf(EventTooLarge.class);
    assertThatThrownBy(() -> read(": " + "x".repeat(2000), 50)).isInstanceOf(EventTooLarge.class);
  }
}
