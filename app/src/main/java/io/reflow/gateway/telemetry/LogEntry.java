package io.reflow.gateway.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.Value;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.sdk.common.InstrumentationScopeInfo;
import io.opentelemetry.sdk.logs.data.Body;
import io.opentelemetry.sdk.logs.data.LogRecordData;
import io.opentelemetry.sdk.resources.Resource;

/// One log record as exporters take it.
///
/// @param event what kind of event it is; empty for a line of the log
record LogEntry(
    long time,
    long observed,
    SpanContext context,
    Severity severity,
    String event,
    String text,
    Attributes attributes,
    InstrumentationScopeInfo scope,
    Resource resource)
    implements LogRecordData {

  /// About how much memory it takes.
  int weight() {
    int[] weight = {384 + 2 * text.length()};
    attributes.forEach(
        (key, value) -> weight[0] += 64 + (value instanceof String it ? 2 * it.length() : 16));
    return weight[0];
  }

  @Override
  public Resource getResource() {
    return resource;
  }

  @Override
  public InstrumentationScopeInfo getInstrumentationScopeInfo() {
    return scope;
  }

  @Override
  public long getTimestampEpochNanos() {
    return time;
  }

  @Override
  public long getObservedTimestampEpochNanos() {
    return observed;
  }

  @Override
  public SpanContext getSpanContext() {
    return context;
  }

  @Override
  public Severity getSeverity() {
    return severity;
  }

  @Override
  public String getSeverityText() {
    return severity.name();
  }

  /// The older way to ask for [#getBodyValue()].
  @Override
  @Deprecated
  public Body getBody() {
    return Body.string(text);
  }

  @Override
  public Value<?> getBodyValue() {
    return Value.of(text);
  }

  @Override
  public Attributes getAttributes() {
    return attributes;
  }

  @Override
  public int getTotalAttributeCount() {
    return attributes.size();
  }

  @Override
  public String getEventName() {
    return event;
  }
}
