package io.reflow.gateway.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The `${NAME}` and `${NAME:default}` references of one file.
///
/// They are taken out of the text before it is read as YAML, because braces mean something there
/// (`{ password: ${DB_PASSWORD} }` must work), and looked up only when a value is wanted.
/// `$${NAME}` stands for the text `${NAME}`.
final class References {

  private static final Pattern REFERENCE =
      Pattern.compile("(\\$?)\\$\\{([A-Za-z_][A-Za-z0-9_]*)(?::([^}\\r\\n]*))?}");
  private static final char OPEN = '\uE000';
  private static final char CLOSE = '\uE001';
  private static final Pattern TAKEN_OUT = Pattern.compile(OPEN + "(\\d{1,6})" + CLOSE);

  private final List<MatchResult> found = new ArrayList<>();
  private final Map<String, String> environment;

  References(Map<String, String> environment) {
    this.environment = environment;
  }

  /// The text with each reference replaced by a mark that means nothing in YAML.
  String takeOut(String yaml) {
    return REFERENCE
        .matcher(yaml.replace(OPEN, '?'))
        .replaceAll(reference -> {
          found.add(((Matcher) reference).toMatchResult());
          return OPEN + Integer.toString(found.size() - 1) + CLOSE;
        });
  }

  static boolean isIn(String value) {
    return TAKEN_OUT.matcher(value).find();
  }

  /// The value with the references looked up.
  ///
  /// @throws IllegalArgumentException that names the variable that is not set
  String resolve(String value) {
    if (TAKEN_OUT.matcher(value).replaceAll("").contains("${")) {
      throw new IllegalArgumentException(
          "holds '${', but a reference is ${NAME} or ${NAME:default}, and $${NAME} the text"
              + " itself");
    }
    return TAKEN_OUT
        .matcher(value)
        .replaceAll(mark -> Matcher.quoteReplacement(lookUp(mark.group(1))));
  }

  private String lookUp(String index) {
    MatchResult reference = found.get(Integer.parseInt(index));
    if (!reference.group(1).isEmpty()) {
      return reference.group().substring(1);
    }
    String name = reference.group(2);
    String value = environment.get(name);
    if (value != null && !value.isEmpty()) {
      return value;
    }
    String fallback = reference.group(3);
    if (fallback == null) {
      throw new IllegalArgumentException(
          "refers to ${%s}, but the environment variable %s is not set or empty"
              .formatted(name, name));
    }
    if (fallback.startsWith("-")) {
      throw new IllegalArgumentException(
          "a default is written ${%s:%s}, without '-'".formatted(name, fallback.substring(1)));
    }
    return fallback;
  }
}
