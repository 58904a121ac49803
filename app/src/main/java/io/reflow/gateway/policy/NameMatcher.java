package io.reflow.gateway.policy;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.List;
import java.util.Optional;

/// Which names a policy's pattern means. A pattern must match the whole name; `.` is any character,
/// line breaks included, so that none can be smuggled past a rule.
///
/// Texts and beginnings are told apart from real patterns: comparing them is much faster.
sealed interface NameMatcher {

  record Anything() implements NameMatcher {}

  record Nothing() implements NameMatcher {}

  record Text(String text) implements NameMatcher {}

  /// A text, and then anything.
  record Beginning(String text) implements NameMatcher {}

  record Expression(Pattern pattern) implements NameMatcher {}

  /// Longer patterns are refused when they are saved.
  int LONGEST = 1000;

  /// What the pattern means.
  ///
  /// @throws PatternSyntaxException for what is no pattern
  static NameMatcher of(String pattern) {
    if (pattern.length() > LONGEST) {
      throw new PatternSyntaxException("longer than %d characters".formatted(LONGEST));
    }
    Optional<String> text = literal(pattern);
    if (text.isPresent()) {
      return new Text(text.get());
    }
    if (pattern.endsWith(".*")) {
      Optional<String> beginning = literal(pattern.substring(0, pattern.length() - 2));
      if (beginning.isPresent()) {
        return beginning.get().isEmpty() ? new Anything() : new Beginning(beginning.get());
      }
    }
    PatternSize.check(pattern);
    return new Expression(Pattern.compile(pattern, Pattern.DOTALL));
  }

  default boolean matches(String name) {
    return switch (this) {
      case Anything() -> true;
      case Nothing() -> false;
      case Text(var text) -> text.equals(name);
      case Beginning(var text) -> name.startsWith(text);
      case Expression(var pattern) -> pattern.matches(name);
    };
  }

  /// Names it matches, to try other rules with: all of them for a text, a choice of very different
  /// ones for a beginning, none where that would need insight into the pattern.
  default List<String> samples() {
    return switch (this) {
      case Nothing(), Expression _ -> List.of();
      case Text(var text) -> List.of(text);
      case Anything() -> Samples.after("");
      case Beginning(var text) -> Samples.after(text);
    };
  }

  /// The text that a pattern without operators means; a backslash before an ASCII punctuation mark
  /// takes away its meaning.
  private static Optional<String> literal(String pattern) {
    StringBuilder text = new StringBuilder(pattern.length());
    for (int i = 0; i < pattern.length(); i++) {
      char c = pattern.charAt(i);
      if (c == '\\'
          && i + 1 < pattern.length()
          && Samples.PUNCTUATION.indexOf(pattern.charAt(i + 1)) >= 0) {
        i++;
        text.append(pattern.charAt(i));
      } else if ("\\.[](){}*+?|^$".indexOf(c) >= 0) {
        return Optional.empty();
      } else {
        text.append(c);
      }
    }
    return Optional.of(text.toString());
  }
}
