package io.reflow.gateway.protocol;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/// How grave a log message of a server is, least first.
public enum LogLevel {
  DEBUG,
  INFO,
  NOTICE,
  WARNING,
  ERROR,
  CRITICAL,
  ALERT,
  EMERGENCY;

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Optional<LogLevel> find(String wireName) {
    return Arrays.stream(values()).filter(level -> level.wireName().equals(wireName)).findFirst();
  }
}
