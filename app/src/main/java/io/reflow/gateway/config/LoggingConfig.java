package io.reflow.gateway.config;

/// The `logging` section.
public record LoggingConfig(Level level, Format format) {

  static final LoggingConfig DEFAULTS = new LoggingConfig(Level.INFO, Format.JSON);

  /// What is logged: this level and the graver ones.
  public enum Level {
    TRACE,
    DEBUG,
    INFO,
    WARN,
    ERROR
  }

  /// One JSON object a line, or text for people.
  public enum Format {
    JSON,
    TEXT
  }
}
