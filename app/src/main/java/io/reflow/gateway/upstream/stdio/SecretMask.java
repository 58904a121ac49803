package io.reflow.gateway.upstream.stdio;

import io.reflow.gateway.config.Secret;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/// Blots out the secrets that a process was given, wherever it prints them.
final class SecretMask {

  /// Shorter values stand in too many innocent words, and guard nothing.
  private static final int SHORTEST = 4;

  private final List<String> values;

  SecretMask(Collection<Secret> secrets) {
    values =
        secrets.stream()
            .flatMap(secret -> secret.reveal().lines())
            .map(String::strip)
            .filter(line -> line.length() >= SHORTEST)
            .distinct()
            .sorted(Comparator.comparingInt(String::length).reversed())
            .toList();
  }

  String mask(String text) {
    String masked = text;
    for (String value : values) {
      masked = masked.replace(value, "***");
    }
    return masked;
  }
}
