package io.reflow.gateway.replica;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.replica.Seal.Head;
import io.reflow.gateway.replica.Seal.Opened;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SealTest {

  private static final byte[] BODY = "{}".getBytes(UTF_8);
  private static final Head HEAD =
      new Head("POST", "/mcp?x=1", Map.of("authorization", "Bearer t", "accept", "a"));

  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private final Seal seal = new Seal(List.of(new byte[32]), () -> now);

  @Test
  void opensWhatAnotherReplicaSealed() {
    String sealed = seal.seal(7, HEAD, BODY);

    Opened opened = new Seal(List.of(key(1), new byte[32]), () -> now).open(sealed, HEAD).get();

    assertThat(opened.epoch()).isEqualTo(7);
    assertThat(opened.fits(BODY)).isTrue();
    assertThat(opened.fits("{ }".getBytes(UTF_8))).isFalse();
  }

  @Test
  void opensNothingTwice() {
    String sealed = seal.seal(7, HEAD, BODY);

    assertThat(seal.open(sealed, HEAD)).isPresent();
    assertThat(seal.open(sealed, HEAD)).isEmpty();
  }

  @Test
  void opensNothingOld() {
    String sealed = seal.seal(7, HEAD, BODY);
    now = now.plus(Duration.ofSeconds(61));
    assertThat(seal.open(sealed, HEAD)).isEmpty();

    String early = seal.seal(7, HEAD, BODY);
    now = now.minus(Duration.ofSeconds(61));
    assertThat(seal.open(early, HEAD)).isEmpty();
  }

  @Test
  void opensNothingElse() {
    String sealed = seal.seal(7, HEAD, BODY);

    assertThat(new Seal(List.of(key(1)), () -> now).open(sealed, HEAD)).isEmpty();
    for (Head other :
        List.of(
            new Head("GET", HEAD.path(), HEAD.headers()),
            new Head(HEAD.method(), "/mcp?x=2", HEAD.headers()),
            new Head(HEAD.method(), HEAD.path(), Map.of()),
            new Head(
                HEAD.method(), HEAD.path(), Map.of("authorization", "Bearer u", "accept", "a")),
            new Head(
                HEAD.method(), HEAD.path(), Map.of("authorization", "Bearer ta", "accept", "")))) {
      assertThat(seal.open(sealed, other)).as(other.toString()).isEmpty();
    }
    for (String other : List.of("", "x", sealed.replace("1 7 ", "1 8 "), sealed + "x")) {
      assertThat(seal.open(other, HEAD)).as(other).isEmpty();
    }
  }

  private static byte[] key(int fill) {
    byte[] key = new byte[32];
    key[0] = (byte) fill;
    return key;
  }
}
