package io.reflow.gateway.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceParentTest {

  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String SPAN = "00f067aa0ba902b7";

  @Test
  void readsWhatTheHeaderSays() {
    assertThat(TraceParent.parse("00-" + TRACE + "-" + SPAN + "-01", Optional.of("a=1,b=2")))
        .hasValue(new TraceParent(new TraceId(TRACE), SPAN, true, "a=1,b=2"));
    assertThat(TraceParent.parse("cc-" + TRACE + "-" + SPAN + "-02-more", Optional.empty()))
        .hasValue(new TraceParent(new TraceId(TRACE), SPAN, false, ""));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "00",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g"
      })
  void takesNothingFromWhatIsMalformed(String header) {
    assertThat(TraceParent.parse(header, Optional.empty())).isEmpty();
  }

  @Test
  void leavesAStateOutThatIsNone() {
    String header = "00-" + TRACE + "-" + SPAN + "-01";
    for (String state : List.of("a=\n", "ä=1", "x".repeat(513))) {
      assertThat(TraceParent.parse(header, Optional.of(state)).orElseThrow().state()).isEmpty();
    }
    assertThat(TraceParent.parse("cc-" + header + "x".repeat(1 << 20), Optional.empty())).isEmpty();
  }

  @Test
  void keepsOfBaggageWhatIsNamed() {
    var baggage = new Baggage(List.of("tenant", "region"));

    assertThat(baggage.allowed("tenant=a;p=1 , user=bob,region = c,tenantx=1,=,x"))
        .isEqualTo("tenant=a;p=1,region = c");
    assertThat(baggage.allowed("tenant=a\r\nX: y")).isEmpty();
    assertThat(baggage.allowed("tenant=" + "x".repeat(9000))).isEmpty();
    assertThat(new Baggage(List.of()).allowed("tenant=a")).isEmpty();
  }

  @Test
  void cutsAndEscapesTexts() {
    assertThat(SafeText.of("list_repos é", 20)).isEqualTo("list_repos é");
    assertThat(SafeText.of("a\u001b[2J\u202eb\n\u2028", 20))
        .isEqualTo("a\\u001b[2J\\u202eb\\u000a\\u2028");
    assertThat(SafeText.of("x".repeat(1 << 20), 100)).hasSize(101).endsWith("…");
    assertThat(SafeText.of("aa\ud83d\ude00b", 3)).isEqualTo("aa…");
  }
}
