package io.reflow.gateway.mcp.flight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.fault.GatewayException.InvalidParams;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.mcp.flight.RequestState.Cause;
import io.reflow.gateway.mcp.flight.RequestState.Past;
import io.reflow.gateway.protocol.RawJson;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StateSealTest {

  private static final Instant NOW = Instant.ofEpochSecond(1_800_000_000);
  private static final byte[] KEY = key(1);

  private Instant now = NOW;
  private final StateSeal seal = new StateSeal(Map.of("k.1", KEY), () -> now);

  private static byte[] key(int filling) {
    byte[] key = new byte[32];
    Arrays.fill(key, (byte) filling);
    return key;
  }

  private static RequestState state(Cause cause) {
    return new RequestState(
        NOW.plusSeconds(60),
        new UserId(UUID.fromString("00000000-0000-0000-0000-000000000001")),
        "target \"1\"",
        "tools/call",
        "digest",
        3,
        cause);
  }

  @Test
  void opensWhatItHasSealed() {
    for (Cause cause :
        new Cause[] {
          new Cause.Suspended("17", "flight", Optional.empty()),
          new Cause.Suspended(
              "17", "flight", Optional.of(new Past.Told(RawJson.of("[{\"k\":\"x\"}]")))),
          new Cause.Suspended("17", "flight", Optional.of(new Past.Kept(UUID.randomUUID()))),
          new Cause.AtTarget(RawJson.of("\"st\\u0061te \\/\"")),
          new Cause.Stored(UUID.randomUUID()),
          new Cause.Pages("7", Set.of("e1", "e\"2"))
        }) {
      String sealed = seal.seal(state(cause));

      assertThat(sealed).startsWith("rs1.k.1.").doesNotContain("target", "state");
      assertThat(seal.open(sealed)).isEqualTo(state(cause));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "rs1.", "rs1.k.1", "rs1.k.1.", "rs1.k.1.AAAA", "rs1.k.2.AAAA", "x"})
  void refusesWhatItHasNotSealed(String text) {
    assertThatThrownBy(() -> seal.open(text)).isInstanceOf(InvalidParams.class);
  }

  @Test
  void refusesWhatWasChanged() {
    String sealed = seal.seal(state(new Cause.Pages("7", Set.of("e1", "e\"2"))));

    for (int i = 0; i < sealed.length(); i++) {
      char other = sealed.charAt(i) == 'A' ? 'B' : 'A';
      String changed = sealed.substring(0, i) + other + sealed.substring(i + 1);
      assertThatThrownBy(() -> seal.open(changed)).as(changed).isInstanceOf(InvalidParams.class);
    }
    assertThatThrownBy(() -> seal.open(sealed + "A")).isInstanceOf(InvalidParams.class);
    assertThatThrownBy(() -> seal.open(sealed + "=")).isInstanceOf(InvalidParams.class);
  }

  @Test
  void countsOnlyForItsTime() {
    String sealed = seal.seal(state(new Cause.Pages("7", Set.of("e1", "e\"2"))));

    now = NOW.plusSeconds(61);

    assertThatThrownBy(() -> seal.open(sealed))
        .isInstanceOf(InvalidParams.class)
        .hasMessageContaining("expired");
  }

  @Test
  void opensWhatAnEarlierKeyHasSealed() {
    Map<String, byte[]> keys = new LinkedHashMap<>();
    keys.put("k2", key(2));
    keys.put("k.1", KEY);
    var later = new StateSeal(keys, () -> now);

    assertThat(later.open(seal.seal(state(new Cause.Pages("7", Set.of("e1", "e\"2"))))))
        .isNotNull();
    assertThat(later.seal(state(new Cause.Pages("7", Set.of("e1", "e\"2"))))).startsWith("rs1.k2.");
  }

  @Test
  void theDigestIsTheSameHoweverArgumentsAreWritten() {
    RawJson one = RawJson.of("{\"b\":[1, 2],\"a\":{\"y\":1,\"x\":\"\\u0061\"}}");
    RawJson other = RawJson.of("{ \"a\" : {\"x\":\"a\",\"y\":1}, \"b\" : [1,2] }");
    RawJson third = RawJson.of("{ \"a\" : {\"x\":\"a\",\"y\":1}, \"b\" : [2,1] }");

    String digest = CallDigest.of("tool", Optional.of(one));

    assertThat(CallDigest.of("tool", Optional.of(other))).isEqualTo(digest);
    assertThat(CallDigest.of("tool", Optional.of(third))).isNotEqualTo(digest);
    assertThat(CallDigest.of("tool2", Optional.of(one))).isNotEqualTo(digest);
  }
}
