package io.reflow.gateway.config;

import io.reflow.gateway.config.ConfigException.Problem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Collects what is wrong with the values of a section, for its compact constructor.
final class Check {

  private static final Duration LONGEST = Duration.ofDays(3650);

  private final String section;
  private final List<Problem> problems = new ArrayList<>();

  Check(String section) {
    this.section = section;
  }

  Check that(boolean holds, String key, Object found, String allowed) {
    if (!holds) {
      String path = section.isEmpty() ? key : section + "." + key;
      problems.add(new Problem(path, "found %s, allowed is %s".formatted(found, allowed)));
    }
    return this;
  }

  Check range(String key, long found, long least, long most) {
    return that(least <= found && found <= most, key, found, "%d to %d".formatted(least, most));
  }

  Check port(String key, int found) {
    return range(key, found, 0, 65_535);
  }

  Check size(String key, DataSize found, DataSize least, DataSize most) {
    return that(
        least.bytes() <= found.bytes() && found.bytes() <= most.bytes(),
        key,
        found,
        "%s to %s".formatted(least, most));
  }

  Check positive(String key, Duration found) {
    return that(
        found.isPositive() && found.compareTo(LONGEST) <= 0,
        key,
        text(found),
        "a duration above 0s and up to 3650d");
  }

  Check notNegative(String key, Duration found) {
    return that(
        !found.isNegative() && found.compareTo(LONGEST) <= 0,
        key,
        text(found),
        "a duration of 0s to 3650d");
  }

  /// `longer` may not be below `shorter`, the key of another duration of the section.
  Check atLeast(String key, Duration longer, String shorterKey, Duration shorter) {
    return that(
        longer.compareTo(shorter) >= 0,
        key,
        text(longer),
        "at least %s.%s, which is %s".formatted(section, shorterKey, text(shorter)));
  }

  Check notBlank(String key, String found) {
    return that(!found.isBlank(), key, "''", "a text that is not blank");
  }

  Check length(String key, Optional<Secret> secret, int least) {
    return secret
        .map(it ->
            that(
                it.reveal().length() >= least,
                key,
                describe(it),
                "at least %d characters".formatted(least)))
        .orElse(this);
  }

  void orThrow() {
    if (!problems.isEmpty()) {
      throw new ConfigException(problems);
    }
  }

  static String describe(Secret secret) {
    return "a secret of %d characters".formatted(secret.reveal().length());
  }

  /// A duration as it is written in the file.
  private static String text(Duration duration) {
    if (duration.abs().compareTo(LONGEST) > 0) {
      return duration.toString();
    }
    long millis = duration.toMillis();
    return millis % 1000 == 0 ? millis / 1000 + "s" : millis + "ms";
  }
}
