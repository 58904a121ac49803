package io.reflow.operator.crd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class SubjectKeyTest {

  @Test
  void canBeReadByPeople() {
    assertThat(SubjectKey.of("shared", List.of())).isEqualTo("shared");
    assertThat(SubjectKey.of("user", List.of("42"))).isEqualTo("user:2:42");
    assertThat(SubjectKey.of("groups", List.of("dev", "ops"))).isEqualTo("groups:3:dev:3:ops");
  }

  @Test
  void isDifferentForDifferentSubjects() {
    String longest = "x".repeat(5_000);
    String digest = SubjectKey.of("user", List.of(longest));

    assertThat(
            Stream.of(
                    List.of("a", "b"),
                    List.of("a,b"),
                    List.of("a:1:b"),
                    List.of("ab"),
                    List.of(""),
                    List.of("", ""),
                    List.<String>of(),
                    List.of(longest),
                    List.of(longest + "y"),
                    List.of(longest, ""),
                    List.of(digest))
                .map(parts -> SubjectKey.of("user", parts)))
        .doesNotHaveDuplicates()
        .allMatch(key -> key.length() <= 4096);
    assertThat(SubjectKey.of("role", List.of("a")))
        .isNotEqualTo(SubjectKey.of("user", List.of("a")));
  }

  @Test
  void takesNoKindThatCouldEndInAPart() {
    assertThatThrownBy(() -> SubjectKey.of("user:1:a", List.of()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> SubjectKey.of("user#", List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
