package io.reflow.gateway.telemetry;

import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/// Names a span, or only the trace that something belongs to: the SDK's own contexts know of no
/// trace without a span.
record SpanIds(String trace, String span, boolean remote) implements SpanContext {

  static final String NO_SPAN = "0000000000000000";

  static String randomSpan() {
    return HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong() | 1);
  }

  @Override
  public String getTraceId() {
    return trace;
  }

  @Override
  public String getSpanId() {
    return span;
  }

  @Override
  public TraceFlags getTraceFlags() {
    return TraceFlags.getSampled();
  }

  @Override
  public TraceState getTraceState() {
    return TraceState.getDefault();
  }

  @Override
  public boolean isRemote() {
    return remote;
  }
}
