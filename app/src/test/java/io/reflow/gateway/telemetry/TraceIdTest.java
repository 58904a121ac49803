package io.reflow.gateway.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceIdTest {

  private static final String ID = "4bf92f3577b34da6a3ce929d0e0e4736";

  @Test
  void comesFromTheTraceparent() {
    assertThat(TraceId.ofTraceparent("00-" + ID + "-00f067aa0ba902b7-01")).hasToString(ID);
  }

  @Test
  void comesFromTheTraceparentOfALaterVersion() {
    assertThat(TraceId.ofTraceparent("01-" + ID + "-00f067aa0ba902b7-01-more")).hasToString(ID);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "00",
        "ff-" + ID + "-00f067aa0ba902b7-01",
        "00-" + ID + "-00f067aa0ba902b7-01-more",
        "00-" + ID + "-0000000000000000-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-" + ID + "-00f067aa0ba902b7",
        "00-" + ID + "<script>",
      })
  void isNewWhereTheTraceparentIsMalformed(String traceparent) {
    assertThat(TraceId.ofTraceparent(traceparent).value()).matches("[0-9a-f]{32}").isNotEqualTo(ID);
  }

  @Test
  void isNeverTheSameTwice() {
    assertThat(TraceId.random()).isNotEqualTo(TraceId.random());
  }

  @Test
  void isNothingElse() {
    assertThatThrownBy(() -> new TraceId("abc")).isInstanceOf(IllegalArgumentException.class);
  }
}
