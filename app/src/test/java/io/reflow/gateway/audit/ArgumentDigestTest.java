package io.reflow.gateway.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.config.Secret;
import io.reflow.gateway.protocol.RawJson;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ArgumentDigestTest {

  private final ArgumentDigest digest = new ArgumentDigest(new Secret("key"));

  @Test
  void isHmacSha256InBase64url() {
    // RFC 2104 as any other tool computes it.
    assertThat(digest.of(RawJson.of("The quick brown fox jumps over the lazy dog")))
        .isEqualTo("97yD9DBThCSxMpjmqm-xQ-9NWaFJRhdZl0edvC0aPNg");
  }

  @Test
  void seesJustItsPartOfTheMessage() {
    byte[] message = "{\"arguments\":{\"a\":1}}".getBytes(StandardCharsets.UTF_8);

    assertThat(digest.of(new RawJson(message, 13, 20)))
        .isEqualTo(digest.of(RawJson.of("{\"a\":1}")));
  }

  @Test
  void isAnotherUnderAnotherKey() {
    var other = new ArgumentDigest(new Secret("other"));

    assertThat(other.of(RawJson.EMPTY_OBJECT)).isNotEqualTo(digest.of(RawJson.EMPTY_OBJECT));
  }
}
