package io.reflow.gateway.policy;

import java.util.List;
import java.util.stream.Stream;

/// Names that have as little in common as possible.
final class Samples {

  static final String PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

  private static final List<String> TAILS =
      List.of("x", "Q", "7", "-", "_", "/", "é", "\n", "aZ9_-.:/ ~%", "q".repeat(1100));

  private Samples() {}

  static List<String> after(String beginning) {
    Stream<String> itself = beginning.isEmpty() ? Stream.empty() : Stream.of(beginning);
    return Stream.concat(itself, TAILS.stream().map(beginning::concat)).toList();
  }
}
