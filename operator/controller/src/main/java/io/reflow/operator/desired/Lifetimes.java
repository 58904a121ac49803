package io.reflow.operator.desired;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Durations as they stand in an instance, such as `1h30m`; zero is without end.
public final class Lifetimes {

  private static final Pattern FORM =
      Pattern.compile("(?:(\\d{1,6})h)?(?:(\\d{1,6})m)?(?:(\\d{1,6})s)?");

  private Lifetimes() {}

  /// The duration, or the default where there is none; empty for one without end.
  public static Optional<Duration> of(@Nullable String text, Duration otherwise) {
    Duration duration = text == null ? otherwise : parse(text);
    return duration.isZero() ? Optional.empty() : Optional.of(duration);
  }

  /// The duration of a text such as `1h30m`.
  public static Duration parse(String text) {
    Matcher form = FORM.matcher(text);
    if (text.isEmpty() || !form.matches()) {
      throw new IllegalArgumentException(
          "'" + text + "' is no duration: write hours, minutes and seconds as in 1h30m or 90s");
    }
    return Duration.ofHours(number(form.group(1)))
        .plusMinutes(number(form.group(2)))
        .plusSeconds(number(form.group(3)));
  }

  private static long number(@Nullable String digits) {
    return digits == null ? 0 : Long.parseLong(digits);
  }
}
