package io.reflow.gateway.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class SessionIdsTest {

  private final SessionIds ids = new SessionIds(List.of(new byte[32]));

  @Test
  void knowsItsOwn() {
    String id = ids.next(123_456_789).value();

    assertThat(id).matches("[A-Za-z0-9_-]{22}\\.[0-9a-z]+\\.[A-Za-z0-9_-]{16}");
    assertThat(ids.epochOf(id)).hasValue(123_456_789);
    assertThat(new SessionIds(List.of(new byte[32])).epochOf(id)).hasValue(123_456_789);
  }

  @Test
  void knowsNoOthers() {
    String id = ids.next(7).value();
    byte[] otherKey = new byte[32];
    otherKey[31] = 1;

    assertThat(new SessionIds(List.of(otherKey)).epochOf(id)).isEmpty();
    assertThat(new SessionIds(List.of(otherKey, new byte[32])).epochOf(id)).hasValue(7);
    for (String forged :
        List.of(
            "",
            "x",
            id.replace(".7.", ".8."),
            (id.charAt(0) == 'a' ? "b" : "a") + id.substring(1),
            id.substring(0, id.length() - 1) + (id.endsWith("a") ? "b" : "a"),
            id + "a",
            id.substring(0, id.length() - 1),
            id.toUpperCase(Locale.ROOT),
            id.replace(".7.", ".zzzzzzzzzzzzz."))) {
      assertThat(ids.epochOf(forged)).as(forged).isEmpty();
    }
  }

  @Test
  void isNeverTheSameTwice() {
    assertThat(ids.next(1)).isNotEqualTo(ids.next(1));
  }
}
