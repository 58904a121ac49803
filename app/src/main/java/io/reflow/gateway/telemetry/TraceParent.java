package io.reflow.gateway.telemetry;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The span that something belongs to, as it was told from outside.
///
/// @param state the `tracestate` that came with it; empty without one
/// @param sampled whether its sender records the trace
public record TraceParent(TraceId trace, String span, boolean sampled, String state) {

  // https://www.w3.org/TR/trace-context/#traceparent-header
  private static final Pattern FORM =
      Pattern.compile(
          "(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?");
  private static final int LENGTH = 55;
  private static final int LONGEST = 256;
  private static final Pattern STATE = Pattern.compile("[\\x20-\\x7e]{1,512}");

  /// Empty where it is malformed: then there is no parent.
  ///
  /// @param state as it came; left out where it is none
  public static Optional<TraceParent> parse(String traceparent, Optional<String> state) {
    int length = traceparent.length();
    if (length < LENGTH || length > (traceparent.startsWith("00") ? LENGTH : LONGEST)) {
      return Optional.empty();
    }
    Matcher matcher = FORM.matcher(traceparent);
    return matcher.matches()
        ? Optional.of(
            new TraceParent(
                new TraceId(matcher.group(1)),
                matcher.group(2),
                (Integer.parseInt(matcher.group(3), 16) & 1) == 1,
                state.filter(text -> STATE.matcher(text).matches()).orElse("")))
        : Optional.empty();
  }

  /// As it is told to others.
  static String text(String trace, String span, boolean sampled) {
    return "00-" + trace + "-" + span + (sampled ? "-01" : "-00");
  }
}
