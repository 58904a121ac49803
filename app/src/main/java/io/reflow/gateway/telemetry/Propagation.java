package io.reflow.gateway.telemetry;

import java.util.Optional;
import java.util.function.BiConsumer;

/// What goes to a target with a call, so that it can go on with the trace. A text is empty where
/// there is none.
public record Propagation(String traceparent, String tracestate, String baggage) {

  public static final Propagation NONE = new Propagation("", "", "");

  /// Hands on each of them by the name that it has in HTTP headers and in `_meta`.
  public void each(BiConsumer<String, String> taker) {
    if (!traceparent.isEmpty()) {
      taker.accept("traceparent", traceparent);
    }
    if (!tracestate.isEmpty()) {
      taker.accept("tracestate", tracestate);
    }
    if (!baggage.isEmpty()) {
      taker.accept("baggage", baggage);
    }
  }

  /// Whether a trace goes on.
  public boolean traced() {
    return !traceparent.isEmpty();
  }

  /// One of them; empty where it does not go along.
  public Optional<String> find(String name) {
    return Optional.of(
            switch (name) {
              case "traceparent" -> traceparent;
              case "tracestate" -> tracestate;
              case "baggage" -> baggage;
              default -> "";
            })
        .filter(text -> !text.isEmpty());
  }
}
