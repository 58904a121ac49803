package io.reflow.gateway.mcp.flight;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.protocol.RawJson;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CallDigestTest {

  private static String of(String name, String arguments) {
    return CallDigest.of(name, Optional.of(RawJson.of(arguments)));
  }

  @Test
  void isTheSameHoweverTheArgumentsAreWritten() {
    assertThat(of("a", "{\"x\":1,\"y\":[ \"\\u0041\" ]}"))
        .isEqualTo(of("a", "{ \"y\":[\"A\"],\"x\":1}"));
    assertThat(CallDigest.of("a", Optional.empty())).isEqualTo(of("a", "{}"));
  }

  @Test
  void differsWhereTheCallDoes() {
    assertThat(of("a", "{}")).isNotEqualTo(of("b", "{}")).isNotEqualTo(of("a", "{\"x\":null}"));
    assertThat(of("a", "{\"x\":1}")).isNotEqualTo(of("a", "{\"x\":\"1\"}"));
  }

  @Test
  void takesNumbersOfAnyLength() {
    String digits = "1".repeat(5000);

    assertThat(of("a", "{\"x\":%s}".formatted(digits)))
        .isEqualTo(of("a", "{\"x\":%s}".formatted(digits)))
        .isNotEqualTo(of("a", "{\"x\":%s2}".formatted(digits)));
  }
}
