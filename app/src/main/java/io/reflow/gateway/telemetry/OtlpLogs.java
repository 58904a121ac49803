package io.reflow.gateway.telemetry;

import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.sdk.common.InstrumentationScopeInfo;
import io.opentelemetry.sdk.logs.data.LogRecordData;
import io.opentelemetry.sdk.resources.Resource;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;

/// Takes events for the collector, as log records: another copy of what is kept elsewhere too.
public final class OtlpLogs implements AutoCloseable {

  private static final int LONGEST = 4096;

  private final Resource resource;
  private final Outbox<LogRecordData> outbox;
  private final InstantSource clock;

  OtlpLogs(Resource resource, Outbox<LogRecordData> outbox, InstantSource clock) {
    this.resource = resource;
    this.outbox = outbox;
    this.clock = clock;
  }

  /// Hands an event over; what finds no room is counted.
  ///
  /// @param event what kind of event it is
  /// @param trace that it belongs to, 32 hexadecimal digits
  public void event(
      Instant time, String event, String text, Optional<String> trace, SpanFacts facts) {
    SpanContext context =
        trace
            .<SpanContext>map(id -> new SpanIds(id, SpanIds.NO_SPAN, false))
            .orElse(SpanContext.getInvalid());
    emit(
        new LogEntry(
            nanos(time),
            nanos(clock.instant()),
            context,
            Severity.INFO,
            event,
            SafeText.of(text, LONGEST),
            facts.attributes(),
            FinishedSpan.SCOPE,
            resource));
  }

  /// A line of the log.
  void line(
      Instant time,
      SpanContext context,
      Severity severity,
      String logger,
      String text,
      SpanFacts facts) {
    emit(
        new LogEntry(
            nanos(time),
            nanos(clock.instant()),
            context,
            severity,
            "",
            text,
            facts.attributes(),
            InstrumentationScopeInfo.create(logger),
            resource));
  }

  private void emit(LogEntry entry) {
    outbox.offer(entry, entry.weight());
  }

  private static long nanos(Instant instant) {
    return instant.getEpochSecond() * 1_000_000_000 + instant.getNano();
  }

  /// Sends what there is.
  @Override
  public void close() {
    outbox.close();
  }
}
