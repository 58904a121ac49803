package io.reflow.operator.reconcile;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/// Times as they stand in Kubernetes objects: RFC 3339, to the second.
final class Times {

  private Times() {}

  /// The time, or the other one where there is none that can be read.
  static Instant read(@Nullable String text, Instant otherwise) {
    if (text == null) {
      return otherwise;
    }
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException _) {
      return otherwise;
    }
  }

  static String write(Instant time) {
    return time.truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
