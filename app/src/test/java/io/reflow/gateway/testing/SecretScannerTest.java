package io.reflow.gateway.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A scanner that finds nothing proves nothing.
class SecretScannerTest {

  private final SecretScanner scanner =
      new SecretScanner().plant("the token", "s3cret/\"value\" ü").plant("the key", "another one");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "token=s3cret/\"value\" ü.",
        "{\"token\":\"s3cret/\\\"value\\\" ü\"}",
        "?token=s3cret%2F%22value%22+%C3%BC&x=1",
        "7333637265742f2276616c75652220c3bc",
        "7333637265742F2276616C75652220C3BC",
        "czNjcmV0LyJ2YWx1ZSIgw7w="
      })
  void findsASecretInEachForm(String text) {
    assertThat(scanner.scan(Map.of("a log", "before " + text + " behind")))
        .containsExactly("the token in a log");
  }

  @Test
  void findsNothingWhereNothingIs() {
    assertThat(scanner.scan(Map.of("a log", "s3cret value", "empty", ""))).isEmpty();
  }
}
