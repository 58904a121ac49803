package io.reflow.gateway.telemetry;

import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/// Names one request in answers, logs, audit rows and traces: 32 lower-case hexadecimal digits,
/// never all zero.
public record TraceId(String value) {

  private static final int DIGITS = 32;

  public TraceId {
    if (value.length() != DIGITS || !wellFormed(value)) {
      throw new IllegalArgumentException("a trace id has 32 hexadecimal digits");
    }
  }

  /// Lower-case hexadecimal digits, of which one at least is no zero.
  private static boolean wellFormed(String value) {
    boolean zero = true;
    for (int i = 0; i < DIGITS; i++) {
      char digit = value.charAt(i);
      if ((digit < '0' || digit > '9') && (digit < 'a' || digit > 'f')) {
        return false;
      }
      zero &= digit == '0';
    }
    return !zero;
  }

  public static TraceId random() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    HexFormat hex = HexFormat.of();
    return new TraceId(hex.toHexDigits(random.nextLong() | 1) + hex.toHexDigits(random.nextLong()));
  }

  /// The id of a `traceparent` header, or a new one where the header is malformed.
  public static TraceId ofTraceparent(String traceparent) {
    return TraceParent.parse(traceparent, Optional.empty())
        .map(TraceParent::trace)
        .orElseGet(TraceId::random);
  }

  @Override
  public String toString() {
    return value;
  }
}
