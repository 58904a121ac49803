package io.reflow.gateway.config;

import java.util.List;
import java.util.regex.Pattern;

/// The `audit.bodies` section: whether rows hold what was sent to and from targets, at most
/// `maxSize` of each, and what is taken out before that. `redactNames` adds to the names that are
/// always taken out.
public record AuditBodiesConfig(
    Recorded record, DataSize maxSize, List<String> redactPaths, List<String> redactNames) {

  /// `ARGUMENTS` are what clients send, `ALL` is that and the answers.
  public enum Recorded {
    NONE,
    ARGUMENTS,
    ALL
  }

  /// Two of them, and all the other texts of a row, fit into one record of the journal.
  private static final DataSize LARGEST = DataSize.ofKibibytes(16);

  private static final Pattern PATH =
      Pattern.compile("\\$(\\.(\\w[\\w-]*|\\*)|\\.\\.\\w[\\w-]*|\\[(\\d{1,9}|\\*|'[^']+')])+");

  static final AuditBodiesConfig DEFAULTS =
      new AuditBodiesConfig(Recorded.NONE, DataSize.ofKibibytes(4), List.of(), List.of());

  public AuditBodiesConfig {
    redactPaths = List.copyOf(redactPaths);
    redactNames = List.copyOf(redactNames);
    Check check = new Check("audit.bodies").size("max-size", maxSize, new DataSize(64), LARGEST);
    for (String path : redactPaths) {
      check.that(
          PATH.matcher(path).matches(),
          "redact-paths",
          "'" + path + "'",
          "a path like $.arguments.card.number, $.result.content[*].text or $..iban");
    }
    for (String name : redactNames) {
      check.notBlank("redact-names", name);
    }
    check.orThrow();
  }
}
