package io.reflow.operator.crd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class InstanceNameTest {

  @Test
  void isTheSameForever() {
    assertThat(InstanceName.of("7f3d", "user:42"))
        .isEqualTo("mcp-h7w5ge3kuanibjcx4w3ypgsbebovmtyl3hcf5xi7gjrzkva3tdjq");
  }

  @Test
  void fitsALabelAndTheNameOfAService() {
    for (String subject : List.of("", "shared", "ü/😀 \n", "x".repeat(100_000))) {
      assertThat(InstanceName.of("t", subject)).matches("mcp-[a-z2-7]{52}").hasSizeLessThan(64);
    }
  }

  @Test
  void tellsApartWhatReadsTheSameWhenJoined() {
    assertThat(InstanceName.of("a", "bc")).isNotEqualTo(InstanceName.of("ab", "c"));
    assertThat(InstanceName.of("1:a", "b")).isNotEqualTo(InstanceName.of("1", ":ab"));
    assertThat(InstanceName.of("a", "")).isNotEqualTo(InstanceName.of("", "a"));
    assertThat(InstanceName.of("t", "User")).isNotEqualTo(InstanceName.of("t", "user"));
  }

  @Test
  void tellsApartLongSubjectsThatDifferInOneCharacter() {
    var random = new Random(7);
    var names =
        IntStream.range(0, 2_000)
            .mapToObj(i -> "g".repeat(500 + random.nextInt(3_000)) + i)
            .map(subject -> InstanceName.of("t", subject))
            .toList();

    assertThat(names).doesNotHaveDuplicates();
  }

  @Test
  void takesNoHalvesOfCharacters() {
    assertThatThrownBy(() -> InstanceName.of("t", "\ud800"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void namesNoSecretThatAnotherInstanceCouldName() {
    String mine = InstanceName.of("t", "a");
    String yours = InstanceName.of("t", "b");

    assertThat(InstanceName.secret(mine, "r1")).startsWith(mine + ".").doesNotStartWith(yours);
  }
}
