package io.reflow.gateway.config;

import java.util.List;
import java.util.stream.Collectors;

/// The configuration can't be used. Says everything that is wrong with it, so that one round of
/// corrections is enough; no problem's text holds a secret.
public final class ConfigException extends IllegalArgumentException {

  private static final long serialVersionUID = 1;

  /// One wrong key and what is wrong with it: what was found, what is allowed.
  public record Problem(String key, String text) {

    @Override
    public String toString() {
      return key + ": " + text;
    }
  }

  private final transient List<Problem> problems;

  public ConfigException(List<Problem> problems) {
    super(problems.stream().map(Problem::toString).collect(Collectors.joining("; ")));
    this.problems = List.copyOf(problems);
  }

  public ConfigException(String key, String text) {
    this(List.of(new Problem(key, text)));
  }

  public List<Problem> problems() {
    return problems;
  }
}
